/// What a command tells a person when it cannot go on: one sentence, what to do about it, and the exit code. Secrets in
/// URLs are not in it, wherever the sentence was made.
public struct Failure: Error, Sendable, Equatable {
    public let exitCode: ExitCode
    /// One line that says what happened, without a full stop.
    public let message: String
    /// One line that says what to do; nil if nothing can be done.
    public let hint: String?

    public init(_ exitCode: ExitCode, _ message: String, hint: String? = nil) {
        self.exitCode = exitCode
        self.message = printable(withoutSecrets(message))
        self.hint = hint.map { printable(withoutSecrets($0)) }
    }
}

/// The exit codes of all commands: those of sysexits.h.
public enum ExitCode: Int32, Sendable, Hashable {
    case done = 0
    /// EX_USAGE: the command line is wrong.
    case usage = 64
    /// EX_DATAERR: a signature or a digest does not hold.
    case integrity = 65
    /// EX_UNAVAILABLE: no source can give a chunk.
    case noSource = 69
    /// EX_CANTCREAT: the output cannot be created.
    case cannotCreate = 73
    /// EX_IOERR: this machine's disk or memory failed.
    case localIO = 74
    /// EX_TEMPFAIL: interrupted; the same command goes on where it stopped. Reports say so; a program that a signal
    /// interrupted ends by that signal.
    case interrupted = 75
    /// EX_NOPERM: TLS or authentication.
    case tls = 77
    /// EX_CONFIG: certificates, keys or directories given are not usable.
    case configuration = 78
}
