public import FDLCore
public import FDLCrypto

/// Where a manifest lies, with what belongs to it. What is read there is verified by whoever reads it.
///
/// Nothing here has a default: a place that wraps another one must pass all of it on, or checks would be left out.
public protocol ManifestPlace: Sendable {
    /// Reads the manifest and its first signature.
    func read() async throws(Failure) -> SignedBytes
    /// Reads the signature by a key that lies beside the first.
    /// - Returns: nil if there is none.
    func signature(by key: KeyID) async throws(Failure) -> [UInt8]?
    /// Whether what is newer is to be had here: a manifest from here is followed only with fresh word of it, if its
    /// publisher wants that.
    var isLive: Bool { get }
    /// Reads the word that the manifest is the newest.
    /// - Returns: nil if there is none.
    func freshness() async throws(Failure) -> SignedFreshness?
    /// What the word that the manifest is the newest is called here, for messages.
    var freshnessName: String { get }
    /// Where the publisher's statements may lie.
    var statementPlaces: [any StatementPlace] { get }
}

/// A manifest's file, and the signatures beside it. Without a server, it is taken for what it is.
public struct ManifestFile: ManifestPlace {
    private let path: String
    public let isLive = false
    public let freshnessName = ""
    public let statementPlaces: [any StatementPlace] = []

    public init(_ path: String) {
        self.path = path
    }

    public func read() async throws(Failure) -> SignedBytes {
        try explaining { () throws(VerificationError) in try SignedBytes(readingFile: path) }
    }

    public func signature(by key: KeyID) async throws(Failure) -> [UInt8]? {
        try explaining { () throws(VerificationError) in try SignedBytes.signature(besideFile: path, by: key) }
    }

    public func freshness() async throws(Failure) -> SignedFreshness? { nil }
}

/// Which further signatures of a manifest are asked for: those of the keys that could still make it accepted.
struct SignatureSearch {
    /// How many are asked for at most.
    static let maximum = 16

    private let publishers: [AcceptedPublisher]
    /// Who is to have signed if it can be; where nobody is, all that is there counts.
    private let preferred: AcceptedPublisher?
    private let wantsAll: Bool
    private var asked: [KeyID] = []

    /// - Parameters:
    ///   - preferred: who is followed for the name already.
    ///   - wantsAll: whether the name is not known yet, so that nobody can be preferred.
    init(_ publishers: [AcceptedPublisher], preferred: PublisherIdentity?, wantsAll: Bool) {
        self.publishers = publishers
        self.preferred = publishers.first { $0.identity == preferred }
        self.wantsAll = wantsAll
    }

    /// The key whose signature is to be looked for next; nil if none is.
    mutating func next(after signers: [PublicKey]) -> KeyID? {
        guard asked.count < Self.maximum else { return nil }
        var wanted: [AcceptedPublisher] = []
        if let preferred, !preferred.mayBeMet(by: signers) { wanted = [preferred] }
        if wantsAll || !publishers.contains(where: { $0.mayBeMet(by: signers) }) {
            // Where one publisher's key has signed, the others that it needs are likelier than strangers'.
            wanted += publishers.filter { publisher in
                publisher.keys.contains { key in signers.contains { $0.bytes == key.key.bytes } }
            }
            wanted += publishers
        }
        let key = wanted.lazy.flatMap(\.keys).map(\.key).first { key in
            !asked.contains(key.id) && !signers.contains { $0.bytes == key.bytes }
        }
        if let key { asked.append(key.id) }
        return key?.id
    }
}

/// Where publisher statements lie: a tree.
public protocol StatementPlace: Sendable {
    /// Reads a statement of a publisher.
    /// - Returns: nil if there is none of that version.
    func statement(of publisher: ManifestName, version: Int64) async throws(Failure) -> [UInt8]?
    /// Reads a signature of a statement.
    /// - Parameter key: whose it is; nil for the first.
    /// - Returns: nil if there is none.
    func signature(
        ofStatement version: Int64,
        of publisher: ManifestName,
        by key: KeyID?
    ) async throws(Failure) -> [UInt8]?
}
