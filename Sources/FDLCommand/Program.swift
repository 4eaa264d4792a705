package import ArgumentParser
import FDLCore
import FDLSystem
import Glibc
import Synchronization

/// A command with work to be done while the process has one thread: what a thread gives up then, those that are started
/// later do not have either.
package protocol PreparedCommand: ParsableCommand {
    /// Called on the main thread, once the command line is read. Signals do what they did at the start.
    func prepare() throws
}

/// What the programs have in common: how they start, report errors and end.
package enum Program {
    private static let isEnding = Atomic<Bool>(false)
    private static let last = Mutex<[@Sendable () -> Void]>([])

    /// The whole of a program's `main`, which must not be async: before an async `main` begins, the runtime's event
    /// loop has taken the descriptor numbers of standard streams that are closed.
    /// - Parameter arguments: makes what is parsed in place of the command line; called once the command line is known
    ///   to be UTF-8.
    package static func main(
        _ root: any (ParsableCommand & SendableMetatype).Type,
        arguments: ProgramArguments.Maker? = nil
    ) -> Never {
        StandardDescriptors.openClosed()
        // So that a write fails with EPIPE if the reader of our output has gone, and with EFBIG if a file is over the
        // limit (ulimit -f), instead of a signal killing us.
        Signals.ignore(SIGPIPE, SIGXFSZ)
        Umask.keepOwnerBits()
        ProcessLimits.prepare()
        do throws(SystemError) { try ProcessLimits.checkLeast() } catch { end(error.failure) }
        let handed = root is any PreparedCommand.Type ? prepare(root, arguments) : nil
        Task.detached { await run(root, arguments, handed) }
        // `run` ends the process. A signal only interrupts the wait.
        while true { pause() }
    }

    /// Parses the command line, runs the verb, and ends the process. A failure is reported in two lines on standard
    /// error, with `--json` also as an error object on standard output, and by the exit code.
    private static func run(
        _ root: any (ParsableCommand & SendableMetatype).Type,
        _ arguments: ProgramArguments.Maker?,
        _ handed: Handed?
    ) async {
        // A prepared command handles the signals itself.
        if handed == nil { Interruption.watch() }
        var made = handed?.made
        do {
            var command: any ParsableCommand
            if let handed {
                command = handed.command
            } else {
                try Arguments.check()
                made = try arguments?()
                command = try root.parseAsRoot(made?.arguments)
            }
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            if let code = StandardStream.output.failure {
                throw SystemError(operation: .write, path: "standard output", code: code)
            }
            leave(0)
        } catch {
            end(error, of: root, made)
        }
    }

    /// A command that one thread has parsed and another runs.
    ///
    /// Sendable because it has one user at a time: the thread that has made it hands it over whole and keeps nothing of it.
    private struct Handed: @unchecked Sendable {
        let command: any ParsableCommand
        let made: ProgramArguments?
    }

    /// Parses the command line and prepares the verb, or ends the process.
    private static func prepare(_ root: any ParsableCommand.Type, _ arguments: ProgramArguments.Maker?) -> Handed {
        var made: ProgramArguments?
        do {
            try Arguments.check()
            made = try arguments?()
            let command = try root.parseAsRoot(made?.arguments)
            try (command as? any PreparedCommand)?.prepare()
            return Handed(command: command, made: made)
        } catch {
            end(error, of: root, made)
        }
    }

    private static func end(
        _ error: any Error,
        of root: any ParsableCommand.Type,
        _ made: ProgramArguments?
    ) -> Never {
        if let error = error as? any Explained { end(error.failure) }
        // Help and version are thrown too, and go to standard output.
        guard !root.exitCode(for: error).isSuccess else { root.exit(withError: error) }
        let program = root._commandName
        if let failure = unknownCommand(CommandLine.arguments.dropFirst(), of: root, program) { end(failure) }
        let message = root.message(for: error)
        let explained = made?.explained(message) ?? message
        end(usageFailure(explained, root.fullMessage(for: error), program))
    }

    /// A command that is none, at whatever depth. The parser takes it for an argument, and blames what comes behind it.
    static func unknownCommand(_ arguments: ArraySlice<String>, of command: any ParsableCommand.Type, _ name: String)
        -> Failure?
    {
        let subcommands = command.configuration.subcommands
        guard !subcommands.isEmpty, let word = arguments.first, !word.hasPrefix("-"), word != "help" else { return nil }
        if let subcommand = subcommands.first(where: { $0._commandName == word }) {
            return unknownCommand(arguments.dropFirst(), of: subcommand, "\(name) \(word)")
        }
        return Failure(
            .usage,
            "\(name) has no command \(shownArgument(word))",
            hint: "it has \(subcommands.map { $0._commandName }.joined(separator: ", ")) (see \(name) --help)"
        )
    }

    /// From now on calls `body` too before the process ends by itself. It must not take long.
    package static func beforeLeaving(_ body: @escaping @Sendable () -> Void) { last.withLock { $0.append(body) } }

    /// A text for a person without the secrets of the command line, wherever it comes from.
    package static func shown(_ text: String) -> String { Arguments.withoutSecrets(text, CommandLine.arguments) }

    /// Flushes stdio and ends the process at once, without the handlers of exit(3): OpenSSL's handler frees what
    /// connections that are being closed on their event loops still use, which would crash.
    package static func leave(_ code: Int32) -> Never {
        for body in last.withLock({ $0 }) { body() }
        fflush(nil)
        _exit(code)
    }

    /// A wrong command line, reported like any other error.
    /// - Parameter full: what the parser would say by itself: the argument's own help, and which command's help to read.
    static func usageFailure(_ message: String, _ full: String, _ program: String) -> Failure {
        let message = Arguments.withoutSecrets(message, CommandLine.arguments)
        let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        let lines = full.split(whereSeparator: \.isNewline)
        let command = lines.last { $0.hasPrefix("  See '") }?.split(separator: "'").dropFirst().first
        let hint = "see \(command.map(String.init) ?? "\(program) --help")"
        // What an argument may be, if one was not that.
        guard let first = lines.firstIndex(where: { $0.hasPrefix("Help:") }) else {
            return Failure(.usage, line, hint: hint)
        }
        let help = lines[first...].prefix { !$0.hasPrefix("Usage:") }.joined(separator: " ")
        let words = help.dropFirst("Help:".count).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return Failure(.usage, line, hint: "\(words) (\(hint))")
    }

    /// Reports the failure and ends the process: by the signal, if one came.
    static func end(_ failure: Failure) -> Never {
        // A signal and an error may come at the same time: the first is reported and ends the process, the other waits.
        if isEnding.exchange(true, ordering: .relaxed) { while true { pause() } }
        let arguments = CommandLine.arguments
        let failure = Failure(
            failure.exitCode,
            Arguments.withoutSecrets(failure.message, arguments),
            hint: failure.hint.map { Arguments.withoutSecrets($0, arguments) }
        )
        // `--json` is looked for here, since a command line that does not parse has no options yet.
        if arguments.dropFirst().prefix(while: { $0 != "--" }).contains("--json") {
            StandardStream.output.writeLine(failure.event.description)
        }
        let signal = Interruption.signal
        StandardStream.error.write(failure.report)
        if let signal { Signals.end(by: signal) }
        leave(failure.exitCode.rawValue)
    }
}
