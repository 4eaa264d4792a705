public import FDLCore
public import FDLCrypto

/// Why a manifest is not taken for the newest, where its publisher wants word of that.
public enum StalenessError: Error, Sendable, Hashable {
    /// There is no statement of freshness beside the manifest; what it would be called.
    case missing(file: String)
    case text(ManifestError)
    case signature(SignatureError)
    case otherName(ManifestName, expected: ManifestName)
    /// Another version is the newest.
    case otherVersion(Int64, manifest: Int64)
    case otherContent(SHA256Digest, manifest: SHA256Digest)
    /// The server has seen a later publisher statement than it hands out.
    case statementHeldBack(version: Int64, have: Int64)
    /// Both in seconds.
    case stale(age: Int64, maximum: Int64, now: UTCTime)
    case expired(at: UTCTime, now: UTCTime)
    case notYetMade(created: UTCTime, now: UTCTime)
}

extension StalenessError {
    /// Whether a manifest and the word of its freshness, read while new ones are put there, would look like this.
    var mayBeOfTornPair: Bool {
        switch self {
        case .signature(.mismatch), .signature(.trustedCommentTampered), .signature(.malformed), .otherVersion,
            .otherContent:
            true
        default: false
        }
    }

    /// So many seconds, in words.
    static func text(seconds: Int64) -> String {
        for (unit, length) in [("day", 86_400), ("hour", 3_600), ("minute", 60)] as [(String, Int64)]
        where seconds >= 2 * length || seconds == length {
            let count = seconds / length
            return "\(count) \(unit)\(count == 1 ? "" : "s")"
        }
        return "\(seconds) second\(seconds == 1 ? "" : "s")"
    }
}

extension StalenessError: CustomStringConvertible {
    private static let document = "the word that the manifest is the newest"

    public var description: String {
        switch self {
        case .missing(let file): "nothing says that this manifest is still the newest: the server has no \(file)"
        case .text(let error): error.description(of: Self.document)
        case .signature(.unknownKey(let id)):
            "\(Self.document) is signed by the key \(id), which the publisher has not named for that"
        case .signature(.mismatch(let id)): "\(Self.document) does not match its signature by the key \(id)"
        case .signature(let error): "\(Self.document) cannot be believed: \(error)"
        case .otherName(let name, let expected): "\(Self.document) is of \(name), and this is \(expected)"
        case .otherVersion(let version, let manifest):
            "version \(version) is the newest, and the server gives version \(manifest)"
        case .otherContent(let digest, let manifest):
            "the newest manifest has the SHA-256 \(digest.hex), and the server gives one with \(manifest.hex)"
        case .statementHeldBack(let version, let have):
            "the publisher's statement is version \(version) by now, and the server gives none after \(have)"
        case .stale(let age, let maximum, _):
            "\(Self.document) is \(Self.text(seconds: age)) old, and the publisher allows \(Self.text(seconds: maximum))"
        case .expired(let time, _): "\(Self.document) expired at \(time)"
        case .notYetMade(let created, let now):
            "\(Self.document) is of \(created), and this machine's clock says \(now)"
        }
    }
}

extension StalenessError: Explained {
    /// What a command says.
    public var failure: Failure { Failure(.integrity, description, hint: hint) }

    private var hint: String {
        switch self {
        case .missing, .signature, .text, .otherName:
            "try another server of the publisher's; the publisher makes that word with fdl-sign refresh"
        case .otherVersion, .otherContent, .statementHeldBack:
            "the server holds back what is newer, or is behind: try another server of the publisher's"
        case .stale(_, _, let now), .expired(_, let now):
            "the server may be holding back what is newer: try another of the publisher's; if this machine's clock is "
                + "wrong, set it: it says \(now)"
        case .notYetMade: "set this machine's clock; if that is right, the server's is wrong: tell the publisher"
        }
    }
}
