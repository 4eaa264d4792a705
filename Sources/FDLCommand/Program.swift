package import ArgumentParser
import FDLCore
import FDLSystem
import Glibc
import Synchronization

/// What the programs have in common: how they start, and how they tell that they cannot go on.
package enum Program {
    private static let isEnding = Atomic<Bool>(false)

    /// The whole of a program's `main`, which must not be async: before an async one begins, its event loop has taken
    /// the numbers of standard streams that are closed.
    package static func main(_ root: any (ParsableCommand & SendableMetatype).Type) -> Never {
        StandardDescriptors.openClosed()
        // A reader of our output that has gone shows as EPIPE, a file over the limit (ulimit -f) as EFBIG: not as
        // signals that kill us.
        Signals.ignore(SIGPIPE, SIGXFSZ)
        Umask.keepOwnerBits()
        ProcessLimits.prepare()
        do throws(SystemError) { try ProcessLimits.checkLeast() } catch { end(error.failure) }
        Task.detached { await run(root) }
        // `run` ends the process. A signal only interrupts the wait.
        while true { pause() }
    }

    /// Parses the command line, runs the verb, and ends the process; if the verb fails, with two lines on standard
    /// error and the exit code, and with `--json` an error object on standard output.
    private static func run(_ root: any (ParsableCommand & SendableMetatype).Type) async {
        Interruption.watch()
        do {
            try Arguments.check()
            var command = try root.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            if let code = StandardStream.output.failure {
                throw SystemError(operation: .write, path: "standard output", code: code)
            }
            leave(0)
        } catch let error as any Explained {
            end(error.failure)
        } catch {
            // Help and version are thrown too, and go to standard output.
            guard !root.exitCode(for: error).isSuccess else { root.exit(withError: error) }
            end(usageFailure(root.message(for: error), root.configuration.commandName ?? root._commandName))
        }
    }

    /// Ends the process at once, with what was printed but without the handlers of exit(3): OpenSSL's takes down what
    /// connections that are being closed on their event loops still use, and they would crash.
    package static func leave(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }

    /// A wrong command line, told like any other error.
    static func usageFailure(_ message: String, _ program: String) -> Failure {
        let message = Arguments.withoutSecrets(message, CommandLine.arguments)
        let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        return Failure(.usage, line, hint: "see \(program) --help")
    }

    /// The last object that a program with `--json` writes if it fails.
    static func event(_ failure: Failure) -> JSONValue {
        [
            "event": "error", "code": .number(Int(failure.exitCode.rawValue)), "message": .text(failure.message),
            "hint": failure.hint.map { .text($0) } ?? .null,
        ]
    }

    /// Says why, and ends the process: by the signal, if one came.
    static func end(_ failure: Failure) -> Never {
        // A signal and an error at one time: the first of them is told, and ends the process for both.
        if isEnding.exchange(true, ordering: .relaxed) { while true { pause() } }
        let arguments = CommandLine.arguments
        let failure = Failure(
            failure.exitCode,
            Arguments.withoutSecrets(failure.message, arguments),
            hint: failure.hint.map { Arguments.withoutSecrets($0, arguments) }
        )
        // Looked for here, since a command line that does not parse has no options yet.
        if arguments.dropFirst().prefix(while: { $0 != "--" }).contains("--json") {
            StandardStream.output.writeLine(event(failure).description)
        }
        let signal = Interruption.signal
        // A progress line may stand there.
        if signal != nil, StandardStream.error.isTerminal { ProgressLine.wipe() }
        StandardStream.error.write(failure.report)
        if let signal { Signals.end(by: signal) }
        leave(failure.exitCode.rawValue)
    }
}
