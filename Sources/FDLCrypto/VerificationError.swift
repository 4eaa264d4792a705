public import FDLCore
public import FDLOpenSSL

/// Why a manifest is not accepted.
public enum VerificationError: Error, Sendable, Hashable {
    /// There is no signature beside the manifest; `path` is where it was looked for.
    case signatureMissing(path: String)
    case signatureMalformed(String)
    /// minisign's old kind, over the file itself.
    case legacySignature
    case unknownKey(KeyID)
    /// The key is known, but did not sign these bytes.
    case mismatch(KeyID)
    case trustedCommentTampered(KeyID)
    /// The signature holds, but what it covers is no manifest.
    case manifest(ManifestError)
    case openSSL(OpenSSLError)
}

extension VerificationError {
    /// Whether a manifest and a signature that were read one after the other while the publisher put new ones there
    /// would look like this: then reading both again helps.
    public var mayBeOfTornPair: Bool {
        switch self {
        case .mismatch, .trustedCommentTampered, .signatureMalformed: true
        case .signatureMissing, .legacySignature, .unknownKey, .manifest, .openSSL: false
        }
    }

    /// How long to wait before each reading again. Two renames take microseconds, a copy to a mirror longer.
    public static let pausesForTornPair: [Duration] = [
        .milliseconds(50), .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800),
    ]
}

extension VerificationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .signatureMissing(let path): "the manifest has no signature: there is no \(path)"
        case .signatureMalformed(let reason): "the signature is not in minisign's format: \(reason)"
        case .legacySignature: "the signature is of minisign's old kind, which is not prehashed"
        case .unknownKey(let id): "the signature is by the key \(id), which is not among the trusted publishers"
        case .mismatch(let id):
            "the signature by the key \(id) does not match the manifest: one of them was changed, or is of another file"
        case .trustedCommentTampered(let id): "the trusted comment of the signature by the key \(id) was changed"
        case .manifest(let error): "\(error)"
        case .openSSL(let error): "\(error)"
        }
    }

    /// What a command says when it is given such a manifest.
    public var failure: Failure {
        if case .manifest(let error) = self { return error.failure }
        return Failure(.integrity, description, hint: hint)
    }

    private var hint: String? {
        switch self {
        case .signatureMissing: "put the publisher's .minisig file beside the manifest"
        case .legacySignature: "ask the publisher to sign with minisign -S of version 0.10 or later, without -l"
        case .unknownKey:
            "if that key is the publisher's, name it with --publisher-key, or for good with fdl-secure trust add"
        case .signatureMalformed, .mismatch, .trustedCommentTampered:
            "fetch the manifest and its .minisig again, both from the publisher"
        case .manifest, .openSSL: nil
        }
    }
}
