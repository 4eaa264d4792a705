public import ArgumentParser
import FDLCore
import FDLSystem
import Glibc

/// What the programs have in common: how they start, and how they tell that they cannot go on.
public enum Program {
    /// Parses the command line, runs the verb, and ends the process; where the verb fails, with two lines on standard
    /// error and the exit code, and with `--json` an error object on standard output.
    public static func run(_ root: any ParsableCommand.Type) async {
        // A reader of our output that has gone shows as EPIPE, not as a signal that kills us.
        signal(SIGPIPE, SIG_IGN)
        ProcessLimits.prepare()
        do {
            do throws(SystemError) { try ProcessLimits.checkLeast() } catch { throw error.failure(.localIO) }
            var command = try root.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            leave(0)
        } catch let failure as Failure {
            end(failure)
        } catch {
            // Help and version are thrown too, and go to standard output.
            guard !root.exitCode(for: error).isSuccess else { root.exit(withError: error) }
            end(usageFailure(root.message(for: error), root.configuration.commandName ?? root._commandName))
        }
    }

    /// Ends the process at once, with what was printed but without the handlers of exit(3): OpenSSL's takes down what
    /// connections that are being closed on their event loops still use, and they would crash.
    public static func leave(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }

    /// A wrong command line, told like any other error.
    static func usageFailure(_ message: String, _ program: String) -> Failure {
        let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        return Failure(.usage, line, hint: "see \(program) --help")
    }

    /// The last object that a program with `--json` writes where it fails.
    static func event(_ failure: Failure) -> JSONValue {
        [
            "event": "error", "code": .number(Int(failure.exitCode.rawValue)), "message": .text(failure.message),
            "hint": failure.hint.map { .text($0) } ?? .null,
        ]
    }

    private static func end(_ failure: Failure) -> Never {
        // Looked for here, since a command line that does not parse has no options yet.
        if CommandLine.arguments.dropFirst().prefix(while: { $0 != "--" }).contains("--json") {
            StandardStream.output.writeLine(event(failure).description)
        }
        StandardStream.error.write(failure.report)
        leave(failure.exitCode.rawValue)
    }
}
