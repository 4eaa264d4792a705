public import FDLCore
public import FDLCrypto

/// By what a reader knows a publisher: versions are counted and names remembered by it.
public enum PublisherIdentity: Sendable, Hashable {
    /// A key, by its 32 bytes: its id is anybody's to choose.
    case key([UInt8])
    /// A publisher statement that was pinned, by the SHA-256 of its exact bytes.
    case statement(SHA256Digest)

    private static let statementPrefix = "publisher-"

    public init(_ key: PublicKey) {
        self = .key(key.bytes)
    }

    /// What its state is filed under.
    package var fileName: String {
        switch self {
        case .key(let bytes): Hex.string(bytes)
        case .statement(let anchor): Self.statementPrefix + anchor.hex
        }
    }

    /// Reads a `fileName`.
    package init?(fileName: String) {
        let isStatement = fileName.hasPrefix(Self.statementPrefix)
        let hex = isStatement ? fileName.dropFirst(Self.statementPrefix.count) : fileName[...]
        guard let digest = SHA256Digest(hex: hex) else { return nil }
        self = isStatement ? .statement(digest) : .key(digest.bytes)
    }
}
