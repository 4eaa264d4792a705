public import FDLCore

/// Whether a manifest is the one to follow today: a signature alone does not tell a new one from an old.
public enum Freshness {
    /// - Parameters:
    ///   - now: the reader's clock.
    ///   - seen: the highest version this reader has accepted from the same signer under the same name.
    /// - Throws: `FreshnessError`
    public static func check(_ manifest: Manifest, now: UTCTime, seen: Int64?) throws(FreshnessError) {
        if let expires = manifest.expires, now >= expires { throw .expired(at: expires) }
        if let seen, manifest.version < seen { throw .older(version: manifest.version, seen: seen) }
    }
}

/// Why a verified manifest is not followed.
public enum FreshnessError: Error, Sendable, Hashable, CustomStringConvertible {
    case expired(at: UTCTime)
    case older(version: Int64, seen: Int64)

    public var description: String {
        switch self {
        case .expired(let time): "the manifest expired at \(time)"
        case .older(let version, let seen):
            "the manifest is version \(version), older than version \(seen), which was accepted before"
        }
    }

    public var failure: Failure {
        switch self {
        case .expired: Failure(.integrity, description, hint: "get the publisher's newest manifest")
        case .older:
            Failure(
                .integrity,
                description,
                hint: "get the publisher's newest manifest; if it is this one, the publisher must sign it again"
            )
        }
    }
}
