import ArgumentParser
import FDLCore
import Glibc

@main
struct FDLSecure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fdl-secure",
        abstract: "Download what a publisher signed, from many servers at once, every chunk verified.",
        subcommands: [Get.self, Verify.self, Trust.self]
    )
}

/// Runs a verb and turns its `Failure` into two lines on standard error and the exit code.
func reportingFailure(_ body: () async throws(Failure) -> Void) async throws {
    // A reader of our output that has gone shows as EPIPE, not as a signal that kills us.
    signal(SIGPIPE, SIG_IGN)
    do throws(Failure) {
        try await body()
    } catch {
        writeError(error.report)
        throw ArgumentParser.ExitCode(error.exitCode.rawValue)
    }
}

/// Writes to standard error. Where even that fails there is nobody left to tell.
func writeError(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// Writes a line to standard output.
func writeLine(_ text: String) {
    var text = text + "\n"
    text.withUTF8 { _ = write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}
