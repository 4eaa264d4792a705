public import FDLCore
public import FDLCrypto
public import FDLSystem

/// Why the user's keys cannot be read or changed.
public enum KeyRingError: Error, Sendable, Hashable {
    case system(SystemError)
    /// It is not known where the keys lie.
    case directory(UserDirectoryError)
    case key(KeyError, path: String)
    case invalidLabel(String)
    case labelTaken(String)
    case unknownPublisher(String)
    case emptyPassphrase(path: String)
    /// There is a public key, and no secret key at `path` beside it.
    case secretKeyMissing(path: String, publicKey: String)
    case invalidPattern(String)
    /// A file beside a trusted key that does not say which names the key is accepted for.
    case patternsDamaged(path: String)
    /// What is pinned as a publisher statement, or is to be.
    case statement(StatementError, path: String)
    /// What is kept of the statements that follow a pinned one.
    case keptDamaged(path: String, StatementError)
    /// The same statement is pinned under another label.
    case pinnedAlready(label: String)
}

extension KeyRingError: Explained {
    /// What a command says.
    public var failure: Failure {
        switch self {
        case .system(let error): error.failure(for: .settings)
        case .directory(let error): error.failure
        case .key(let error, let path): error.failure(path: path)
        case .invalidLabel(let label):
            Failure(.usage, "\"\(label)\" cannot be a label", hint: "use up to 64 of A-Z a-z 0-9 . _ -, no dot first")
        case .labelTaken(let label):
            Failure(
                .usage,
                "another key is trusted as \"\(label)\" already",
                hint: "choose another label, or remove that key first with fdl-secure trust remove \(label)"
            )
        case .unknownPublisher(let name):
            Failure(
                .usage,
                "no trusted publisher has the label or the key id \"\(name)\"",
                hint: "fdl-secure trust list shows them"
            )
        case .emptyPassphrase(let path):
            Failure(.configuration, "\(path) has no passphrase in its first line", hint: "write one there")
        case .secretKeyMissing(let path, let publicKey):
            Failure(
                .configuration,
                "there is a public key without its secret key: \(publicKey)",
                hint: "put the secret key back as \(path) or name it with --key; for a new one move the .pub away first"
            )
        case .invalidPattern(let text):
            Failure(
                .usage,
                "\"\(shortened(text))\" is no pattern for names",
                hint: "a pattern has A-Z a-z 0-9 . _ - and * ? [ ], such as 'acme-*'; quote it for the shell"
            )
        case .statement(let error, let path):
            Failure(.configuration, "\(path) cannot be accepted: \(error)", hint: error.failure.hint)
        case .keptDamaged(let path, let error):
            Failure(
                .configuration,
                "what is kept of a publisher's statements is damaged: \(path): \(error)",
                hint:
                    "restore it from a backup, or remove \(Directory.containing(path)): fdl-secure trust update fetches "
                    + "the statements again"
            )
        case .pinnedAlready(let label):
            Failure(
                .usage,
                "this publisher is accepted as \"\(label)\" already",
                hint: "use that label, or remove it first with fdl-secure trust remove \(label)"
            )
        case .patternsDamaged(let path):
            Failure(
                .configuration,
                "\(path) does not say which names the key is accepted for",
                hint: "remove the publisher with fdl-secure trust remove, and add it again"
            )
        }
    }
}
