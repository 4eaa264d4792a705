public import FDLCore
public import FDLCrypto
import FDLSystem
public import FDLTrust

/// Says of manifests that they are still the newest.
public struct Refresher: Sendable {
    private let chain: StatementChain
    private let lifetime: Int64
    private let now: UTCTime

    /// - Parameters:
    ///   - chain: the publisher's statements, up to the last.
    ///   - lifetime: in seconds.
    public init(chain: StatementChain, lifetime: Int64, now: UTCTime) {
        self.chain = chain
        self.lifetime = lifetime
        self.now = now
    }

    /// Signs the word that a manifest is the newest, and puts it beside the manifest.
    /// - Returns: the file.
    /// - Throws: `PublisherError.notItsKey` if the key is not for that; `VerificationError` if the manifest is not signed
    ///   as the publisher's last statement wants it; `PublishingError` if it cannot be signed or written.
    public func refresh(_ one: SignedManifests.One, with key: borrowing SecretKey) throws -> String {
        let own = key.publicKey
        guard chain.last.freshKeys.contains(where: { $0.bytes == own.bytes }) else {
            throw PublisherError.notItsKey(own.id)
        }
        let publisher = chain.accepted(label: chain.last.name.string, names: [])
        let verified = try VerifiedManifest.verify(one.bytes, publishers: [publisher])
        let fresh = FreshStatement(
            name: verified.manifest.name,
            version: verified.manifest.version,
            digest: verified.digest,
            publisherVersion: chain.last.version,
            created: now,
            expires: UTCTime(secondsSince1970: now.secondsSince1970 + lifetime)
        )
        let path = FileNames.freshness(of: one.path)
        let bytes = fresh.encoded
        do {
            let comment = MinisignSignature.comment(
                file: splitLast(path).name,
                digest: SHA256Digest(hashing: bytes),
                secondsSince1970: now.secondsSince1970
            )
            let signature = try MinisignSignature(signing: bytes, with: key, trustedComment: comment)
            try WholeFile.replace([(FileNames.signature(of: path), signature.encoded), (path, bytes)], mode: 0o644)
        } catch let error as SystemError {
            throw PublishingError.output(error)
        }
        return path
    }
}

extension StatementFolder {
    /// The publishers whose statements lie in a directory.
    public static func names(in directory: String) -> [String] {
        var names: [String] = []
        _ = try? FileTree.regularFiles(
            beneath: directory,
            descend: { name in
                names.append(name)
                return false
            }
        )
        return names.filter { !StatementFolder("\(directory)/\($0)").isEmpty }.sorted()
    }
}
