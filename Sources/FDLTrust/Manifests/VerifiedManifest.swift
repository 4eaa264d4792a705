public import FDLCore
public import FDLCrypto

/// A manifest that may be downloaded: signed by a publisher the reader accepts, or taken unsigned by the reader's own
/// word. There is no third way to have one.
public struct VerifiedManifest: Sendable {
    public private(set) var manifest: Manifest
    /// Of the exact bytes that were signed.
    public let digest: SHA256Digest
    /// Who vouches for it; nil if the reader allowed an unsigned manifest.
    public private(set) var publisher: AcceptedPublisher?
    /// All who do, of those whom the reader accepts.
    private let publishers: [AcceptedPublisher]
    /// The word that it is the newest, if the publisher wants that and it came from a server.
    package var fresh: FreshStatement?
    /// The accepted keys that signed, the first signature's first.
    package let allSigners: [PublicKey]
    /// What the first signer said beside the manifest, for people; nil if there is none.
    public let trustedComment: String?

    /// The publisher's keys that signed and count, the first signature's first.
    public var signers: [PublicKey] {
        let counted = publisher?.counted(allSigners, for: manifest) ?? []
        return allSigners.filter { signer in counted.contains { $0.bytes == signer.bytes } }
    }

    /// The first of `signers`.
    public var signer: PublicKey? { signers.first }

    /// Verifies the signatures, and only then parses what they cover.
    /// - Parameters:
    ///   - bytes: the manifest, and its signatures in minisign's format.
    ///   - acceptedKeys: the publishers the reader accepts, each known by one key.
    public static func verify(
        _ bytes: SignedBytes,
        acceptedKeys: [PublicKey]
    ) throws(VerificationError) -> VerifiedManifest {
        try verify(bytes, publishers: acceptedKeys.map { AcceptedPublisher($0) })
    }

    /// Verifies the signatures, and only then parses what they cover.
    /// - Parameters:
    ///   - bytes: the manifest, and its signatures in minisign's format.
    ///   - publishers: those whom the reader accepts.
    public static func verify(
        _ bytes: SignedBytes,
        publishers: [AcceptedPublisher]
    ) throws(VerificationError) -> VerifiedManifest {
        guard bytes.manifest.count <= Manifest.maximumBytes else {
            throw .manifest(.tooLarge(bytes: bytes.manifest.count))
        }
        guard let first = bytes.signature else {
            throw .signatureMissing(path: FileNames.signature(of: bytes.origin))
        }
        var signatures = CheckedSignatures(of: bytes.manifest, keys: publishers.flatMap { $0.keys.map(\.key) })
        let fault = signatures.check(first)
        for further in bytes.furtherSignatures { _ = signatures.check(further) }
        guard !signatures.signers.isEmpty else {
            throw Self.refusal(fault, publishers)
        }
        let manifest = try Self.parse(bytes.manifest)
        let vouching = try choose(publishers, signatures.signers, manifest)
        return VerifiedManifest(
            manifest: manifest,
            digest: SHA256Digest(hashing: bytes.manifest),
            publishers: vouching,
            allSigners: signatures.signers,
            trustedComment: signatures.trustedComment
        )
    }

    /// Whoever the reader has followed for the name so far vouches for it, if they do at all.
    package mutating func prefer(_ known: PublisherIdentity) {
        if let publisher = publishers.first(where: { $0.isKnown(as: known) }) { self.publisher = publisher }
    }

    /// Whose manifest it is, of those whose keys have signed it.
    private static func choose(
        _ publishers: [AcceptedPublisher],
        _ signers: [PublicKey],
        _ manifest: Manifest
    ) throws(VerificationError) -> [AcceptedPublisher] {
        var refusals: [VerificationError] = []
        var chosen: [AcceptedPublisher] = []
        for publisher in publishers {
            let own = publisher.keys.filter { key in signers.contains { $0.bytes == key.key.bytes } }
            guard let first = own.first else { continue }
            let counted = publisher.counted(signers, for: manifest)
            if counted.count >= publisher.threshold {
                if publisher.admits(manifest.name) {
                    chosen.append(publisher)
                } else {
                    refusals.append(.notForName(manifest.name, publisher: publisher.description, publisher.names))
                }
            } else if counted.isEmpty, first.until != nil {
                refusals.append(.keyRetired(first.key.id, publisher: publisher.description))
            } else {
                refusals.append(
                    .tooFewSigners(
                        publisher: publisher.description,
                        found: counted.count,
                        needed: publisher.threshold
                    )
                )
            }
        }
        if !chosen.isEmpty { return chosen }
        // Each publisher with a key among the signers has its reason there.
        throw refusals.first ?? .signature(.malformed("it is by no publisher's key"))
    }

    private static func refusal(_ fault: SignatureError?, _ publishers: [AcceptedPublisher]) -> VerificationError {
        guard let fault else { return .signature(.malformed("it is empty")) }
        if case .unknownKey(let id) = fault,
            let former = publishers.first(where: { $0.removed.contains { $0.id == id } })
        {
            return .keyRemoved(id, publisher: former.description)
        }
        return .signature(fault)
    }

    /// Takes a manifest that nobody has vouched for: only if the person running the program said so.
    public init(allowingUnsigned bytes: SignedBytes) throws(VerificationError) {
        self.init(
            manifest: try Self.parse(bytes.manifest),
            digest: SHA256Digest(hashing: bytes.manifest),
            publishers: [],
            allSigners: [],
            trustedComment: nil
        )
    }

    private init(
        manifest: Manifest,
        digest: SHA256Digest,
        publishers: [AcceptedPublisher],
        allSigners: [PublicKey],
        trustedComment: String?
    ) {
        self.manifest = manifest
        self.digest = digest
        self.publishers = publishers
        self.publisher = publishers.first
        self.allSigners = allSigners
        self.trustedComment = trustedComment
    }

    /// The same with some of its files only.
    /// - Returns: nil if no file is wanted.
    package func selecting(_ isWanted: (Manifest.File) -> Bool) -> VerifiedManifest? {
        manifest.selecting(isWanted).map { part in
            var selected = self
            selected.manifest = part
            return selected
        }
    }

    private static func parse(_ bytes: [UInt8]) throws(VerificationError) -> Manifest {
        do {
            return try Manifest(parsing: bytes)
        } catch {
            throw .manifest(error)
        }
    }
}
