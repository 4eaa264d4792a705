public import FDLCore
public import FDLOpenSSL

/// Why a key cannot be used.
public enum KeyError: Error, Sendable, Hashable {
    case notAPublicKey(String)
    /// A secret key is where a public one belongs.
    case secretForPublic
    /// Not a private key in PEM that OpenSSL can read.
    case notASecretKey(String)
    /// A private key of another kind than Ed25519.
    case notEd25519
    case passphraseMissing
    case passphraseWrong
    /// The SSH agent does not give it.
    case agent(String)
    case openSSL(OpenSSLError)
}

extension KeyError: CustomStringConvertible {
    /// Half a sentence, to follow the name of the key's file.
    public var description: String {
        switch self {
        case .notAPublicKey(let reason): "is not a minisign public key: \(reason)"
        case .secretForPublic: "is a secret key, where a public one belongs"
        case .notASecretKey(let reason): "is not a secret key" + (reason.isEmpty ? "" : ": \(reason)")
        case .notEd25519: "holds a key of another kind than Ed25519"
        case .passphraseMissing: "is encrypted, and no passphrase was given"
        case .passphraseWrong: "does not open with the passphrase given"
        case .agent(let reason): "cannot be had from the SSH agent: \(reason)"
        case .openSSL(let error): "cannot be used: \(error)"
        }
    }

}

extension KeyError: Explained {
    /// What a command says of a key that is in no file.
    public var failure: Failure { failure(path: "the key") }

    /// What a command says of the key in `path`.
    public func failure(path: String) -> Failure {
        Failure(.configuration, "\(path) \(self)", hint: hint)
    }

    private var hint: String {
        switch self {
        case .notAPublicKey: "give a .pub file of fdl-sign keygen or minisign -G, or its second line"
        case .secretForPublic: "nobody but its owner should have that: give the .pub file that belongs to it"
        case .notASecretKey, .notEd25519: "make a key with fdl-sign keygen"
        case .passphraseMissing:
            "name a file that holds the passphrase with --passphrase-file, or run it at a terminal, where it is asked for"
        case .passphraseWrong: "check the file given to --passphrase-file: its first line is the passphrase"
        case .agent: "start ssh-agent, ssh-add an Ed25519 key, and name it by its comment as ssh-add -l shows it"
        case .openSSL: "check the installation of OpenSSL (openssl version -a), which has to know Ed25519"
        }
    }
}
