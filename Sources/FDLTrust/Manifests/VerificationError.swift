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
    /// Not as many of the publisher's keys have signed as it takes.
    case tooFewSigners(publisher: String, found: Int, needed: Int)
    /// The publisher signs with this key no longer, and it does not count for this version.
    case keyRetired(KeyID, publisher: String)
    /// The publisher has removed this key.
    case keyRemoved(KeyID, publisher: String)
    /// The publisher is accepted for other names only.
    case notForName(ManifestName, publisher: String, [NamePattern])
    /// The name has been followed from another publisher.
    case otherPublisher(ManifestName, publisher: String, known: String)
    /// Its publisher wants word that it is the newest.
    case staleness(StalenessError)
}

extension VerificationError {
    /// Whether a manifest and a signature that were read one after the other while the publisher put new ones there
    /// would look like this: then reading both again helps.
    package var mayBeOfTornPair: Bool {
        switch self {
        case .signature(.mismatch), .signature(.trustedCommentTampered), .signature(.malformed): true
        // The further signatures may be those of the pair before.
        case .tooFewSigners: true
        case .staleness(let error): error.mayBeOfTornPair
        case .unreadable, .signatureMissing, .signature, .signerNotNamed, .manifest, .otherName, .keyRetired,
            .keyRemoved, .notForName, .otherPublisher:
            false
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
        case .tooFewSigners(let publisher, let found, let needed):
            "\(found) of the keys of \(publisher) \(found == 1 ? "has" : "have") signed the manifest, and it takes "
                + "\(needed)"
        case .keyRetired(let id, let publisher):
            "the signature is by the key \(id), which \(publisher) uses no longer, and not for this version"
        case .keyRemoved(let id, let publisher): "the signature is by the key \(id), which \(publisher) has removed"
        case .staleness(let error): "\(error)"
        case .notForName(let name, let publisher, let patterns):
            "\(publisher) is accepted for \(patterns.map(\.description).joined(separator: ", ")), and this is the "
                + "manifest of \(name)"
        case .otherPublisher(let name, let publisher, let known):
            "the manifest of \(name) is signed by \(publisher), and so far \(name) was followed from \(known)"
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
        case .tooFewSigners:
            Failure(
                .integrity,
                description,
                hint: "get the further signatures (NAME.KEYID.minisig) too; if there are none, the publisher has to "
                    + "add them with fdl-sign cosign"
            )
        case .keyRetired, .keyRemoved:
            Failure(
                .integrity,
                description,
                hint: "get the publisher's newest manifest; one that is to stay, of a backup for instance, the "
                    + "publisher can sign with a key of today by fdl-sign cosign"
            )
        case .staleness(let error): error.failure
        case .notForName(_, let publisher, _):
            Failure(
                .integrity,
                description,
                hint: "ask whose \(publisher) is; fdl-secure trust add with --for says for which names it is accepted"
            )
        case .otherPublisher(let name, let publisher, _):
            Failure(
                .integrity,
                description,
                hint: "ask the publisher you know; if \(publisher) is whom you want, name it with --publisher or "
                    + "--publisher-key, or for good with fdl-secure trust forget \(name)"
            )
        }
    }
}
