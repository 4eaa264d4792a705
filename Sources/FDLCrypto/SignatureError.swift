public import FDLCore
public import FDLOpenSSL

/// Why a signature does not hold.
public enum SignatureError: Error, Sendable, Hashable {
    case malformed(String)
    /// minisign's old kind, over the file itself.
    case legacy
    case unknownKey(KeyID)
    /// The key is known, but did not sign these bytes.
    case mismatch(KeyID)
    case trustedCommentTampered(KeyID)
    case openSSL(OpenSSLError)
}

extension SignatureError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let reason): "the signature is not in minisign's format: \(reason)"
        case .legacy: "the signature is of minisign's old kind, which is not prehashed"
        case .unknownKey(let id): "the signature is by the key \(id), which is not among the trusted publishers"
        case .mismatch(let id):
            "the signature by the key \(id) does not match the manifest: one of them was changed, or is of another file"
        case .trustedCommentTampered(let id): "the trusted comment of the signature by the key \(id) was changed"
        case .openSSL(let error): "\(error)"
        }
    }

}

extension SignatureError: Explained {
    /// What a command says.
    public var failure: Failure { Failure(.integrity, description, hint: hint) }

    private var hint: String {
        switch self {
        case .legacy: "ask the publisher to sign with minisign -S of version 0.10 or later, without -l"
        case .unknownKey:
            "if that key is the publisher's, name it with --publisher-key, or for good with fdl-secure trust add"
        case .malformed, .mismatch, .trustedCommentTampered:
            "fetch the manifest and its .minisig again, both from the publisher"
        case .openSSL: "check the installation of OpenSSL (openssl version -a), which has to know Ed25519"
        }
    }
}
