import ArgumentParser
import FDLCore
import Glibc

@main
struct FDLSign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fdl-sign",
        abstract: "Signs what a file or a folder is made of, so that it can be had from servers nobody has to trust.",
        subcommands: [ManifestCommand.self, KeygenCommand.self, VerifyCommand.self]
    )

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as Failure {
            Terminal.writeError(failure.report)
            Glibc.exit(failure.exitCode.rawValue)
        } catch {
            exit(reporting: error)
        }
    }

    /// Help goes to standard output; a wrong command line is told like any other error.
    private static func exit(reporting error: any Error) -> Never {
        guard !exitCode(for: error).isSuccess else { exit(withError: error) }
        let message = message(for: error).split(whereSeparator: \.isNewline).joined(separator: " ")
        Terminal.writeError(Failure(.usage, message, hint: "see fdl-sign --help").report)
        Glibc.exit(FDLCore.ExitCode.usage.rawValue)
    }
}
