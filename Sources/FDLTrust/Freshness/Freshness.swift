public import FDLCore

/// Whether a manifest is the one to follow today: a signature alone does not tell a new one from an old.
public enum Freshness {
    /// How far a version made of the time may be ahead of another clock before something is wrong: a day.
    public static let leewaySeconds: Int64 = 86_400

    /// - Parameters:
    ///   - digest: the manifest's own.
    ///   - now: the reader's clock.
    ///   - seen: the highest version this reader has seen from the same publisher under the same name.
    ///   - allowsOlder: whether the reader takes an older one by their own word.
    /// - Throws: `FreshnessError`
    package static func check(
        _ manifest: Manifest,
        digest: SHA256Digest,
        now: UTCTime,
        seen: SeenRecord.Entry?,
        allowsOlder: Bool = false
    ) throws(FreshnessError) {
        try checkCreated(manifest.created, now: now)
        if let expires = manifest.expires, now >= expires { throw .expired(at: expires, now: now) }
        guard let seen else { return }
        if manifest.version < seen.version, !allowsOlder {
            throw .older(version: manifest.version, seen: seen.version, name: manifest.name, now: now)
        }
        if manifest.version == seen.version, digest != seen.digest {
            throw .otherContent(version: seen.version, name: manifest.name, digest, seen: seen.digest)
        }
    }

    /// Refuses what was signed more than a day from now: one of the two clocks is wrong.
    static func checkCreated(_ created: UTCTime, now: UTCTime) throws(FreshnessError) {
        let limit = now.secondsSince1970.addingReportingOverflow(leewaySeconds).partialValue
        guard created.secondsSince1970 <= limit else { throw .notYetMade(created: created, now: now) }
    }
}

/// Why a verified manifest is not followed.
public enum FreshnessError: Error, Sendable, Hashable, CustomStringConvertible {
    /// `now` is the reader's clock, which may be what is wrong.
    case expired(at: UTCTime, now: UTCTime)
    /// By the reader's clock it was made more than a day from now.
    case notYetMade(created: UTCTime, now: UTCTime)
    case older(version: Int64, seen: Int64, name: ManifestName, now: UTCTime)
    /// There are two manifests of one version.
    case otherContent(version: Int64, name: ManifestName, SHA256Digest, seen: SHA256Digest)

    public var description: String {
        switch self {
        case .expired(let time, _): "the manifest expired at \(time)"
        case .notYetMade(let created, let now): "the manifest is of \(created), and this machine's clock says \(now)"
        case .older(let version, let seen, _, _):
            "the manifest is version \(version), older than version \(seen), which was accepted before"
        case .otherContent(let version, _, let digest, let seen):
            "there are two manifests of version \(version): this one has the SHA-256 \(digest.hex), and the one "
                + "that was accepted before has \(seen.hex)"
        }
    }
}

extension FreshnessError: Explained {
    /// What a command says.
    public var failure: Failure { Failure(.integrity, description, hint: hint) }

    private var hint: String {
        switch self {
        case .expired(_, let now):
            "get the publisher's newest manifest; if it has not expired, this machine's clock is wrong: it says \(now)"
        case .notYetMade:
            "set this machine's clock; if that is right, the publisher's was wrong: ask for a new manifest"
        case .older(_, Manifest.allowedVersions.upperBound, let name, _):
            "no version is higher than the one accepted before: ask the publisher whether it was theirs; if it was not, "
                + Self.forgetting(name)
        case .older(_, let seen, let name, let now):
            "get the publisher's newest manifest; if it is this one, the publisher's clock went back, and it must be "
                + "signed again with a --version above \(seen)\(Self.insisting(on: seen, now)); if version \(seen) was "
                + "never the publisher's, \(Self.forgetting(name))"
        case .otherContent(_, let name, _, _):
            "ask the publisher which digest is right, and for a manifest of a new version; then "
                + Self.forgetting(name)
        }
    }

    private static func insisting(on version: Int64, _ now: UTCTime) -> String {
        version >= now.secondsSince1970 + Freshness.leewaySeconds ? " and --ahead" : ""
    }

    private static func forgetting(_ name: ManifestName) -> String {
        "fdl-secure trust forget \(name) is the way back"
    }
}
