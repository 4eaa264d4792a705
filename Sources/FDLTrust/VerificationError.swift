public import FDLCore
public import FDLCrypto
public import FDLSystem

/// Why a manifest is not accepted.
public enum VerificationError: Error, Sendable, Hashable {
    /// The manifest or its signature cannot be read.
    case unreadable(SystemError)
    /// There is no signature beside the manifest; `path` is if it was looked for.
    case signatureMissing(path: String)
    case signature(SignatureError)
    /// The signature is by another key than those that were named for this time.
    case signerNotNamed(KeyID)
    /// The signature holds, but what it covers is no manifest.
    case manifest(ManifestError)
    /// The signature holds, but the manifest is another product's than the one asked for.
    case otherName(ManifestName, asked: String)
}

extension VerificationError {
    /// Whether a manifest and a signature that were read one after the other while the publisher put new ones there
    /// would look like this: then reading both again helps.
    package var mayBeOfTornPair: Bool {
        switch self {
        case .signature(.mismatch), .signature(.trustedCommentTampered), .signature(.malformed): true
        case .unreadable, .signatureMissing, .signature, .signerNotNamed, .manifest, .otherName: false
        }
    }

    /// How long to wait before each reading again. Two renames take microseconds, a copy to a mirror longer.
    package static let pausesForTornPair: [Duration] = [
        .milliseconds(50), .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800),
    ]
}

extension VerificationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let error): "\(error)"
        case .signatureMissing(let path): "the manifest has no signature: there is no \(path)"
        case .signature(let error): "\(error)"
        case .signerNotNamed(let id): "the signature is by the key \(id), which is none of those named"
        case .manifest(let error): "\(error)"
        case .otherName(let name, let asked): "\(asked) was asked for, and this is the signed manifest of \(name)"
        }
    }
}

extension VerificationError: Explained {
    /// What a command says when it is given such a manifest.
    public var failure: Failure {
        switch self {
        case .unreadable(let error): error.failure(for: .input)
        case .signatureMissing:
            Failure(
                .integrity,
                description,
                hint: "get the .minisig from the publisher and put it beside the manifest"
            )
        case .signature(let error): error.failure
        case .signerNotNamed(let id):
            Failure(
                .integrity,
                description,
                hint: "ask the publisher which key is right: that of --publisher-key, or \(id)"
            )
        case .manifest(let error): error.failure
        case .otherName(let name, _):
            Failure(
                .integrity,
                description,
                hint: "its server may be passing one product off as another: ask the publisher; "
                    + "if \(name) is what you want, say --name \(name)"
            )
        }
    }
}
