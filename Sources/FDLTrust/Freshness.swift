public import FDLCore

/// Whether a manifest is the one to follow today: a signature alone does not tell a new one from an old.
public enum Freshness {
    /// How far a version made of the time may be ahead of another clock before something is wrong: a day.
    public static let leewaySeconds: Int64 = 86_400

    /// - Parameters:
    ///   - now: the reader's clock.
    ///   - seen: the highest version this reader has accepted from the same signer under the same name.
    /// - Throws: `FreshnessError`
    public static func check(_ manifest: Manifest, now: UTCTime, seen: Int64?) throws(FreshnessError) {
        if let expires = manifest.expires, now >= expires { throw .expired(at: expires, now: now) }
        if let seen, manifest.version < seen { throw .older(version: manifest.version, seen: seen, now: now) }
    }
}

/// Why a verified manifest is not followed.
public enum FreshnessError: Error, Sendable, Hashable, CustomStringConvertible {
    /// `now` is the reader's clock, which may be what is wrong.
    case expired(at: UTCTime, now: UTCTime)
    case older(version: Int64, seen: Int64, now: UTCTime)

    public var description: String {
        switch self {
        case .expired(let time, _): "the manifest expired at \(time)"
        case .older(let version, let seen, _):
            "the manifest is version \(version), older than version \(seen), which was accepted before"
        }
    }
}

extension FreshnessError: Explained {
    /// What a command says.
    public var failure: Failure {
        switch self {
        case .expired(_, let now):
            Failure(
                .integrity,
                description,
                hint: "get the publisher's newest manifest; if it has not expired, this machine's clock is wrong: "
                    + "it says \(now)"
            )
        case .older(_, let seen, let now):
            Failure(
                .integrity,
                description,
                hint: "get the publisher's newest manifest; if it is this one, the publisher's clock went back, and it "
                    + "must be signed again with a --version above \(seen)\(Self.insisting(on: seen, now))"
            )
        }
    }

    private static func insisting(on version: Int64, _ now: UTCTime) -> String {
        version >= now.secondsSince1970 + Freshness.leewaySeconds ? " and --ahead" : ""
    }
}
