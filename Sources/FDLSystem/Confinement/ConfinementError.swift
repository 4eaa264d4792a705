public import FDLCore
import Glibc

/// Why a process cannot be confined, or cannot become another user.
public enum ConfinementError: Error, Sendable, Hashable {
    case unknownUser(String)
    case unknownGroup(String)
    /// Only root may become another user.
    case notRoot(user: String)
    /// Root that lacks the capabilities for it, as in some containers.
    case mayNotBecome(user: String, SystemError)
    /// After everything was given up, something could be had back.
    case notForGood(user: String)
    /// The system refuses to take something away.
    case refused(SystemError)
}

extension ConfinementError: Explained {
    public var failure: Failure {
        switch self {
        case .unknownUser(let name):
            Failure(
                .configuration,
                "there is no user \(name)",
                hint: "make the account (adduser --system --group \(name)), or name another with --user"
            )
        case .unknownGroup(let name):
            Failure(
                .configuration,
                "there is no group \(name)",
                hint: "make the group (addgroup --system \(name)), or name another with --user NAME:GROUP"
            )
        case .notRoot(let user):
            Failure(
                .configuration,
                "only root may become \(user)",
                hint: "start it as \(user) and leave --user out, or start it as root"
            )
        case .mayNotBecome(let user, let error):
            Failure(
                .configuration,
                "this process may not become \(user): \(SystemError.text(error.code))",
                hint: "give the container CAP_SETUID and CAP_SETGID, or have it start the program as \(user)"
            )
        case .notForGood(let user):
            Failure(
                .configuration,
                "after it became \(user), the process could still become root",
                hint: "start it as \(user) and leave --user out"
            )
        case .refused(let error): error.failure(for: .settings)
        }
    }
}
