public import FDLCore
public import FDLSystem

/// Why what this reader has seen and followed cannot be read or kept.
public enum StateError: Error, Sendable, Hashable {
    /// It is not known where it lies.
    case directory(UserDirectoryError)
    /// `place` is the directory of all of it.
    case system(SystemError, place: String)
    /// A file of ours that does not hold what it should.
    case damaged(path: String, name: String)
}

extension StateError: Explained {
    /// Switching the check off is never silent: --no-state warns at each run.
    private static let withoutState = "go on with --no-state, which turns the protection from older versions off"

    /// What a command says.
    public var failure: Failure {
        switch self {
        case .directory(let error):
            Failure(
                error.failure.exitCode,
                error.failure.message,
                hint: (error.failure.hint.map { "\($0), or " } ?? "") + Self.withoutState
            )
        case .system(let error, let place):
            Failure(
                .configuration,
                error.description,
                hint: "what was seen is kept in \(place): make it readable and writable, set XDG_STATE_HOME to another "
                    + "directory, or \(Self.withoutState)"
            )
        case .damaged(let path, let name):
            Failure(
                .configuration,
                "the note of what was seen of \(name) is damaged: \(path)",
                hint: "restore it from a backup; without one, fdl-secure trust forget \(name) takes it away, and the "
                    + "next version that is accepted counts as the first"
            )
        }
    }
}
