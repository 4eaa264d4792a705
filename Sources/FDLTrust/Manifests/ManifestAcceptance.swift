public import FDLCore
import FDLCrypto
public import FDLSystem

/// Decides whether this user accepts a manifest: signed by an accepted publisher, not expired, not older than one seen.
///
/// `verify`, then `check`, then, as soon as the manifest is followed, `note`: what was only looked at does not count.
public struct ManifestAcceptance: Sendable {
    public var directories: UserDirectories
    /// The only keys accepted this time, each a public key file's path or its line of base64. If there are none, nor
    /// `publishers`, the user's own key and those in the trust store are accepted.
    public var publisherKeys: [String] = []
    /// The only publishers accepted this time, by their labels in the trust store.
    public var publishers: [String] = []
    /// What the manifest must be named, if that was asked for: a server may answer with another product of the same
    /// publisher.
    public var name: String?
    public var allowsUnsigned = false
    public var allowsOlder = false
    /// Whether the versions seen are read and noted: without that nothing keeps an old manifest from being accepted.
    public var usesState = true
    /// Told of each file in the trust store that is passed over, since it holds no key.
    public var passedOver: @Sendable (KeyRingError) -> Void = { _ in }

    public init(directories: UserDirectories) {
        self.directories = directories
    }

    /// Reads a manifest and its signatures, verifies them (`verify`) and checks that it is the one to follow (`check`).
    /// - Throws: what reading throws, and `Failure` (65) for what is refused, (78) if the user's own settings cannot be
    ///   read.
    public func accept(_ place: some ManifestPlace, now: UTCTime) async throws(Failure) -> VerifiedManifest {
        let verified = try await verify(place)
        try check(verified, now: now)
        return verified
    }

    /// Reads a manifest and its signatures and verifies them: whether it is the one to follow today is not asked.
    ///
    /// All are read again, a few times, if they do not belong together: the publisher may be putting new ones there.
    /// - Throws: what reading throws, and `Failure` (65) for what is refused, (78) if the user's own settings cannot be
    ///   read.
    public func verify(_ place: some ManifestPlace) async throws(Failure) -> VerifiedManifest {
        var accepted: AcceptedPublishers?
        let ahead = try walkAhead(place)
        defer { ahead?.walked.cancel() }
        for pause in VerificationError.pausesForTornPair {
            switch try await attempt(place, ahead, &accepted) {
            case .success(let verified): return verified
            case .failure(let error) where error.mayBeOfTornPair: break
            case .failure(let error): throw error.failure
            }
            do { try await Task.sleep(for: pause) } catch { throw .interrupted }
        }
        switch try await attempt(place, ahead, &accepted) {
        case .success(let verified): return verified
        case .failure(let error): throw error.failure
        }
    }

    /// Refuses a manifest of another publisher than the name was followed from so far, one that has expired, and one
    /// that is older than what was seen.
    /// - Throws: `Failure` (65) for what is refused, (78) if the user's own settings cannot be read.
    public func check(_ verified: VerifiedManifest, now: UTCTime) throws(Failure) {
        let manifest = verified.manifest
        if let statement = verified.publisher?.statement {
            try explaining { () throws(StatementError) in try statement.check(now: now) }
            if let fresh = verified.fresh, let maximumAge = statement.maximumAge {
                try explaining { () throws(StalenessError) in
                    try fresh.check(statement, maximumAge: maximumAge, now: now)
                }
            }
        }
        var seen: SeenRecord.Entry?
        if usesState, let publisher = verified.publisher {
            let versions = try seenVersions()
            try explaining { () throws(StateError) in
                try versions.prepare()
                seen = try versions.highest(of: manifest.name, for: publisher)
            }
            if namesNobody, let known = try followed(manifest.name), !publisher.isKnown(as: known) {
                throw VerificationError.otherPublisher(
                    manifest.name,
                    publisher: publisher.description,
                    known: try description(of: known)
                ).failure
            }
        }
        try explaining { () throws(FreshnessError) in
            try Freshness.check(manifest, digest: verified.digest, now: now, seen: seen, allowsOlder: allowsOlder)
        }
    }

    /// Notes a manifest as seen, and its publisher as the one to follow for its name. To be called when it has passed
    /// `check` and the first chunk is asked for, or what is on disk has matched it.
    /// - Throws: `Failure` (78) if that cannot be written.
    public func note(_ verified: VerifiedManifest) throws(Failure) {
        guard usesState, let publisher = verified.publisher else { return }
        let manifest = verified.manifest
        let versions = try seenVersions()
        try explaining { () throws(StateError) in
            try versions.note(
                manifest.version,
                verified.digest,
                of: manifest.name,
                by: verified.signers,
                for: publisher.identity
            )
            try versions.follow(publisher.identity, for: manifest.name)
        }
    }

    // MARK: Verifying

    private func attempt(
        _ place: some ManifestPlace,
        _ ahead: WalkAhead?,
        _ loaded: inout AcceptedPublishers?
    ) async throws(Failure) -> Result<VerifiedManifest, VerificationError> {
        var bytes = try await place.read()
        // Whoever accepts what is unsigned needs no keys.
        if loaded == nil, let first = bytes.signature { loaded = try await load(first, place, ahead) }
        let accepted = loaded?.all ?? []
        var preferred: PublisherIdentity?
        if let name = name.flatMap({ ManifestName($0) }) { preferred = try followed(name) }
        if let first = bytes.signature {
            var signatures = CheckedSignatures(of: bytes.manifest, keys: accepted.flatMap { $0.keys.map(\.key) })
            let fault = signatures.check(first)
            // Beside a torn pair there is nothing to look for.
            let isWhole = fault.map { if case .unknownKey = $0 { true } else { false } } ?? true
            var search = SignatureSearch(accepted, preferred: preferred, wantsAll: name == nil && !place.isLive)
            while isWhole, let key = search.next(after: signatures.signers) {
                guard let further = try await place.signature(by: key) else { continue }
                _ = signatures.check(further)
                bytes.furtherSignatures.append(further)
            }
        }
        let result = Result { () throws(VerificationError) in
            let verified =
                bytes.signature == nil && allowsUnsigned
                ? try VerifiedManifest(allowingUnsigned: bytes) : try signed(bytes, accepted)
            if let name, verified.manifest.name.string != name {
                throw .otherName(verified.manifest.name, asked: name)
            }
            return verified
        }
        guard case .success(var verified) = result, verified.publisher != nil else { return result }
        if let known = try followed(verified.manifest.name) { verified.prefer(known) }
        guard place.isLive, let statement = verified.publisher?.statement, statement.maximumAge != nil else {
            return .success(verified)
        }
        let fresh = try await place.freshness()
        return Result { () throws(VerificationError) in
            do throws(StalenessError) {
                guard let fresh else { throw .missing(file: place.freshnessName) }
                verified.fresh = try fresh.verify(for: verified, by: statement)
                return verified
            } catch {
                throw .staleness(error)
            }
        }
    }

    private func signed(
        _ bytes: SignedBytes,
        _ accepted: [AcceptedPublisher]
    ) throws(VerificationError) -> VerifiedManifest {
        do throws(VerificationError) {
            return try VerifiedManifest.verify(bytes, publishers: accepted)
        } catch {
            guard case .signature(.unknownKey(let id)) = error, !publisherKeys.isEmpty else { throw error }
            throw .signerNotNamed(id)
        }
    }

    /// Whether no publisher was named for this time.
    private var namesNobody: Bool { publisherKeys.isEmpty && publishers.isEmpty }

    func followed(_ name: ManifestName) throws(Failure) -> PublisherIdentity? {
        guard usesState else { return nil }
        let versions = try seenVersions()
        return try explaining { () throws(StateError) in try versions.publisher(of: name) }
    }

    /// What the reader calls a publisher that was followed before.
    private func description(of identity: PublisherIdentity) throws(Failure) -> String {
        let known = try explaining { () throws(KeyRingError) in
            try KeyRing(directories: directories).accepted(keys: [], labels: []).all
        }
        if let publisher = known.first(where: { $0.isKnown(as: identity) }) { return publisher.description }
        return switch identity {
        case .key(let bytes): "a key that is not accepted now (\(Hex.string(bytes.prefix(8)))…)"
        case .statement(let anchor): "a publisher that is not accepted now (\(anchor.hex.prefix(16))…)"
        }
    }

    private func seenVersions() throws(Failure) -> SeenVersions {
        try explaining { () throws(StateError) in try SeenVersions(directories: directories) }
    }
}
