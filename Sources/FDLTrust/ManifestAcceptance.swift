public import FDLCore
import FDLCrypto
public import FDLSystem

/// Decides whether this user accepts a manifest: signed by an accepted key, not expired, not older than one seen.
public struct ManifestAcceptance: Sendable {
    public var directories: UserDirectories
    /// The only keys accepted this time, each a public key file's path or its line of base64. If there are none,
    /// the user's own key and those in the trust store are accepted.
    public var publisherKeys: [String] = []
    /// What the manifest must be named, if that was asked for: a server may answer with another product of the same
    /// publisher.
    public var name: String?
    public var allowsUnsigned = false
    public var allowsOlder = false
    /// Whether the versions seen are read and noted: without that nothing keeps an old manifest from being accepted.
    public var usesState = true

    public init(directories: UserDirectories) {
        self.directories = directories
    }

    /// Reads a manifest and its signature, verifies them, and follows what they say (`verify`, `follow`).
    /// - Parameter read: reads or fetches the two.
    /// - Throws: what `read` throws, and `Failure` (65) for what is refused, (78) if the user's own settings cannot
    ///   be read.
    public func accept(
        now: UTCTime,
        read: () async throws(Failure) -> SignedBytes
    ) async throws(Failure) -> VerifiedManifest {
        let verified = try await verify(read: read)
        try follow(verified, now: now)
        return verified
    }

    /// Reads a manifest and its signature and verifies them: whether they are the ones to follow today is not asked.
    ///
    /// Both are read again, a few times, if they do not belong together: the publisher may be putting new ones there.
    /// - Parameter read: reads or fetches the two.
    /// - Throws: what `read` throws, and `Failure` (65) for what is refused, (78) if the user's own settings cannot
    ///   be read.
    public func verify(read: () async throws(Failure) -> SignedBytes) async throws(Failure) -> VerifiedManifest {
        for pause in VerificationError.pausesForTornPair {
            switch try verify(try await read()) {
            case .success(let verified): return verified
            case .failure(let error) where error.mayBeOfTornPair: break
            case .failure(let error): throw error.failure
            }
            do { try await Task.sleep(for: pause) } catch {
                throw .interrupted
            }
        }
        switch try verify(try await read()) {
        case .success(let verified): return verified
        case .failure(let error): throw error.failure
        }
    }

    /// Refuses a manifest that has expired or is older than one seen, and notes its version as seen.
    /// - Throws: `Failure` (65) for what is refused, (78) if the user's own settings cannot be read.
    public func follow(_ verified: VerifiedManifest, now: UTCTime) throws(Failure) {
        let name = verified.manifest.name
        let signer = usesState ? verified.signer : nil
        let versions = try signer.map { _ throws(Failure) in try seenVersions() }
        let seen = try settings { () throws(SystemError) -> Int64? in
            guard let signer, let versions else { return nil }
            return try versions.highest(signer: signer, name: name)
        }
        try explaining { () throws(FreshnessError) in
            try Freshness.check(verified.manifest, now: now, seen: allowsOlder ? nil : seen)
        }
        try settings { () throws(SystemError) in
            guard let signer, let versions else { return }
            try versions.record(verified.manifest.version, signer: signer, name: name)
        }
    }

    private func verify(_ bytes: SignedBytes) throws(Failure) -> Result<VerifiedManifest, VerificationError> {
        let isUnsigned = bytes.signature == nil && allowsUnsigned
        let keys = bytes.signature == nil ? [] : try acceptedKeys()
        return Result { () throws(VerificationError) in
            let verified = isUnsigned ? try VerifiedManifest(allowingUnsigned: bytes) : try signed(bytes, by: keys)
            if let name, verified.manifest.name.string != name {
                throw .otherName(verified.manifest.name, asked: name)
            }
            return verified
        }
    }

    private func signed(
        _ bytes: SignedBytes,
        by keys: [PublicKey]
    ) throws(VerificationError) -> VerifiedManifest {
        do throws(VerificationError) { return try VerifiedManifest.verify(bytes, acceptedKeys: keys) } catch {
            guard case .signature(.unknownKey(let id)) = error, !publisherKeys.isEmpty else { throw error }
            throw .signerNotNamed(id)
        }
    }

    private func acceptedKeys() throws(Failure) -> [PublicKey] {
        try explaining { () throws(KeyRingError) in
            try KeyRing(directories: directories).acceptedKeys(given: publisherKeys)
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

    /// Switching the check off is never silent: --no-state warns at each run.
    private static let withoutState = "go on with --no-state, which turns the protection from older versions off"
}
