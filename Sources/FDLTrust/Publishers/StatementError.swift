public import FDLCore
public import FDLCrypto

/// Why a publisher statement is refused.
public enum StatementError: Error, Sendable, Hashable {
    /// What is wrong with its text.
    case text(ManifestError)
    case key(KeyError)
    case tooManyKeys(Int)
    case keyTwice(KeyID)
    /// It needs more signatures than it names keys that sign.
    case thresholdUnmeetable(Int, keys: Int)
    /// It wants word of freshness and names no key for that.
    case noFreshKey
    /// It wants word of freshness and does not expire.
    case expiresMissing
    /// The next statement of another publisher.
    case otherName(ManifestName, expected: ManifestName)
    case skips(version: Int64, after: Int64)
    case lower(version: Int64, seen: Int64)
    /// Not as many keys of the statement before have signed it as that takes.
    case lacksEarlier(version: Int64, found: Int, needed: Int)
    /// Not as many of its own keys have signed it as it takes.
    case lacksOwn(version: Int64, found: Int, needed: Int)
    case expired(version: Int64, at: UTCTime, now: UTCTime)
    case notYetMade(created: UTCTime, now: UTCTime)
    /// More statements follow each other than are walked at a time.
    case tooManySteps(Int)
}

extension StatementError: CustomStringConvertible {
    static let document = "the publisher statement"

    public var description: String {
        switch self {
        case .text(let error): error.description(of: Self.document)
        case .key(let error): "\(Self.document) names a key that \(error)"
        case .tooManyKeys: "\(Self.document) names more than \(PublisherStatement.maximumKeys) keys"
        case .keyTwice(let id): "\(Self.document) names the key \(id) twice"
        case .thresholdUnmeetable(let threshold, let keys):
            "\(Self.document) takes \(threshold) signatures and names \(keys) \(keys == 1 ? "key that signs" : "keys that sign")"
        case .noFreshKey: "\(Self.document) wants word that manifests are fresh and names no key for it"
        case .expiresMissing: "\(Self.document) wants word that manifests are fresh and does not expire itself"
        case .otherName(let name, let expected): "\(Self.document) is that of \(name), not of \(expected)"
        case .skips(let version, let after): "\(Self.document) is version \(version), and \(after) is the one before it"
        case .lower(let version, let seen): "\(Self.document) is version \(version), and \(seen) has been seen"
        case .lacksEarlier(let version, let found, let needed):
            "\(Self.document) of version \(version) is signed by \(found) of the keys of the one before, and it takes "
                + "\(needed)"
        case .lacksOwn(let version, let found, let needed):
            "\(Self.document) of version \(version) is signed by \(found) of its own keys, and it takes \(needed)"
        case .expired(let version, let time, _): "\(Self.document) of version \(version) expired at \(time)"
        case .notYetMade(let created, let now):
            "\(Self.document) is of \(created), and this machine's clock says \(now)"
        case .tooManySteps(let steps): "\(steps) publisher statements follow each other, and there are more"
        }
    }
}

extension StatementError: Explained {
    /// What a command says of a statement that a reader is given.
    public var failure: Failure { Failure(.integrity, description, hint: hint) }

    private var hint: String {
        switch self {
        case .text, .key, .tooManyKeys, .keyTwice, .thresholdUnmeetable, .noFreshKey, .expiresMissing, .otherName:
            "ask the publisher for a new statement, made by fdl-sign publisher"
        case .skips(_, let after): "get version \(after + 1) first: they follow each other without a gap"
        case .lower: "get the publisher's newest statement; whoever hands out this one may be holding back the newest"
        case .lacksEarlier:
            "ask the publisher; if all the keys of before are lost, a new statement has to be accepted as a new publisher, "
                + "by fdl-secure trust add"
        case .lacksOwn: "the publisher has to sign it with each new key: fdl-sign publisher sign"
        case .expired(_, _, let now):
            "get the publisher's newest statement (fdl-secure trust update); if it has not expired, this machine's clock "
                + "is wrong: it says \(now)"
        case .notYetMade:
            "set this machine's clock; if that is right, the publisher's was wrong: ask for a new statement"
        case .tooManySteps: "run the same command again: it goes on where it stopped"
        }
    }
}
