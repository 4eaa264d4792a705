public import FDLCore
public import FDLCrypto
public import FDLSystem

/// Decides whether this user accepts a manifest: signed by an accepted key, not expired, not older than one seen.
public struct ManifestAcceptance: Sendable {
    public var directories: UserDirectories
    /// The only keys accepted this time, each a public key file's path or its line of base64. Where there are none,
    /// the user's own key and those in the trust store are.
    public var publisherKeys: [String] = []
    public var allowsUnsigned = false
    public var allowsOlder = false
    /// Whether the versions seen are read and noted: without that nothing keeps an old manifest from being accepted.
    public var usesState = true

    public init(directories: UserDirectories) {
        self.directories = directories
    }

    /// Reads a manifest and its signature, verifies them and notes the version as seen.
    ///
    /// Both are read again, a few times, where they do not belong together: the publisher may be putting new ones there.
    /// - Parameters:
    ///   - origin: what the manifest is read from, for messages.
    ///   - read: reads or fetches the two.
    /// - Throws: what `read` throws, and `Failure` (65) for what is refused, (78) where the user's own settings cannot
    ///   be read.
    public func accept(
        from origin: String,
        now: UTCTime,
        read: () async throws(Failure) -> FetchedManifest
    ) async throws(Failure) -> (VerifiedManifest, FetchedManifest) {
        for pause in VerificationError.pausesForTornPair {
            let fetched = try await read()
            switch try verify(fetched.manifest, fetched.signature, origin) {
            case .success(let verified): return (try note(verified, now), fetched)
            case .failure(let error) where error.mayBeOfTornPair: break
            case .failure(let error): throw error.failure
            }
            do { try await Task.sleep(for: pause) } catch { throw .interrupted }
        }
        let fetched = try await read()
        return (
            try accept(manifest: fetched.manifest, signature: fetched.signature, origin: origin, now: now), fetched
        )
    }

    /// Verifies and notes the version as seen.
    /// - Parameters:
    ///   - signature: nil where none was found.
    ///   - origin: what the manifest was read from, for messages.
    /// - Throws: `Failure` (65) for what is refused, (78) where the user's own settings cannot be read.
    public func accept(
        manifest: [UInt8],
        signature: [UInt8]?,
        origin: String,
        now: UTCTime
    ) throws(Failure) -> VerifiedManifest {
        switch try verify(manifest, signature, origin) {
        case .success(let verified): return try note(verified, now)
        case .failure(let error): throw error.failure
        }
    }

    private func note(_ verified: VerifiedManifest, _ now: UTCTime) throws(Failure) -> VerifiedManifest {
        let name = verified.manifest.name
        let signer = usesState ? verified.signer : nil
        let versions = try signer.map { _ throws(Failure) in try seenVersions() }
        let seen = try settings { () throws(SystemError) -> Int64? in
            guard let signer, let versions else { return nil }
            return try versions.highest(signer: signer, name: name)
        }
        do throws(FreshnessError) {
            try Freshness.check(verified.manifest, now: now, seen: allowsOlder ? nil : seen)
        } catch {
            throw error.failure(now: now)
        }
        try settings { () throws(SystemError) in
            guard let signer, let versions else { return }
            try versions.record(verified.manifest.version, signer: signer, name: name)
        }
        return verified
    }

    private func verify(
        _ manifest: [UInt8],
        _ signature: [UInt8]?,
        _ origin: String
    ) throws(Failure) -> Result<VerifiedManifest, VerificationError> {
        guard signature != nil || allowsUnsigned else {
            throw Failure(
                .integrity,
                "\(origin) has no signature beside it (\(origin).minisig)",
                hint: "get the .minisig from the publisher and put it there"
            )
        }
        let keys = signature == nil ? [] : try acceptedKeys()
        return Result { () throws(VerificationError) in
            guard let signature else { return try VerifiedManifest(allowingUnsigned: manifest) }
            return try VerifiedManifest.verify(manifest: manifest, signature: signature, acceptedKeys: keys)
        }
    }

    private func acceptedKeys() throws(Failure) -> [PublicKey] {
        do throws(KeyRingError) {
            return try KeyRing(directories: directories).acceptedKeys(given: publisherKeys)
        } catch {
            throw error.failure
        }
    }

    private func seenVersions() throws(Failure) -> SeenVersions {
        do throws(UserDirectoryError) { return try SeenVersions(directories: directories) } catch {
            let way = error.failure.hint.map { "\($0), or " } ?? ""
            throw Failure(error.failure.exitCode, error.failure.message, hint: way + Self.withoutState)
        }
    }

    private func settings<Value>(_ body: () throws(SystemError) -> Value) throws(Failure) -> Value {
        do throws(SystemError) { return try body() } catch {
            let place = (try? directories.state).map { "what was seen is kept in \($0): " } ?? ""
            throw Failure(
                .configuration,
                error.description,
                hint: "\(place)make it readable and writable, set XDG_STATE_HOME to another directory, "
                    + "or \(Self.withoutState)"
            )
        }
    }

    /// Nothing that is checked is given up unnoticed: it says so at every run.
    private static let withoutState = "go on with --no-state, where no older version can be told from a newer one"
}
