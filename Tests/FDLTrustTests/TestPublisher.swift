import FDLCore
import FDLCrypto
import TestSupport

@testable import FDLTrust

/// A key of a test's.
final class TestKey: Sendable {
    private let secret: SecretKey
    var key: PublicKey { secret.publicKey }

    init() throws {
        secret = try SecretKey.generate()
    }

    func signature(of bytes: [UInt8]) throws -> [UInt8] {
        try MinisignSignature(signing: bytes, with: secret, trustedComment: "").encoded
    }
}

/// A publisher's statements and what it signs.
enum TestPublisher {
    static let noon = UTCTime(secondsSince1970: 1_795_341_600)
    static let day: Int64 = 86_400

    static func after(days: Int64) -> UTCTime { UTCTime(secondsSince1970: noon.secondsSince1970 + days * day) }

    static func statement(
        _ keys: [PublisherStatement.Key],
        version: Int64 = 1,
        name: String = "acme",
        threshold: Int = 1,
        expires: UTCTime? = nil,
        maximumAge: Int64? = nil
    ) throws -> PublisherStatement {
        try PublisherStatement(
            name: ManifestName(from: name),
            version: version,
            created: noon,
            expires: expires,
            keys: keys,
            threshold: threshold,
            maximumAge: maximumAge
        )
    }

    static func signed(_ statement: PublisherStatement, by keys: [TestKey]) throws -> SignedStatement {
        let bytes = statement.encoded
        return SignedStatement(bytes: bytes, signatures: try keys.map { try $0.signature(of: bytes) })
    }

    /// - Parameter keys: the first one's signature is the first.
    static func manifest(
        _ name: String = "tool",
        version: Int64 = 1,
        content: [UInt8] = [],
        by keys: [TestKey]
    ) throws -> SignedBytes {
        let bytes = try Manifest.sample(name, version: version, [("file", content)]).encoded()
        var signed = SignedBytes(manifest: bytes, signature: try keys.first?.signature(of: bytes), origin: "m")
        signed.furtherSignatures = try keys.dropFirst().map { try $0.signature(of: bytes) }
        return signed
    }
}

extension PublisherStatement.Key {
    init(_ key: TestKey, _ roles: Set<PublisherStatement.Role> = [.sign], until: [ManifestName: Int64]? = nil) {
        self.init(key.key, roles: roles, until: until)
    }
}

/// A tree's statements, with all their signatures.
struct TestStatements: StatementPlace {
    var all: [Int64: SignedStatement] = [:]

    init(_ statements: [(Int64, SignedStatement)] = []) {
        all = Dictionary(statements) { first, _ in first }
    }

    func statement(of publisher: ManifestName, version: Int64) async throws(Failure) -> [UInt8]? {
        all[version]?.bytes
    }

    func signature(
        ofStatement version: Int64,
        of publisher: ManifestName,
        by key: KeyID?
    ) async throws(Failure) -> [UInt8]? {
        let signatures = all[version]?.signatures ?? []
        guard let key else { return signatures.first }
        return signatures.first { (try? MinisignSignature(parsing: $0))?.keyID == key }
    }
}

/// A server's manifest, as its fields say.
struct TestManifestPlace: ManifestPlace {
    var bytes: @Sendable () async -> SignedBytes
    var isLive = true
    var statementPlaces: [any StatementPlace] = []
    var word: @Sendable () async -> SignedFreshness? = { nil }
    let freshnessName = "tool.fresh.json"

    init(_ bytes: SignedBytes, statements: [any StatementPlace] = []) {
        self.init({ bytes }, statements: statements)
    }

    /// - Parameter bytes: what each reading finds. Its further signatures lie beside it.
    init(_ bytes: @escaping @Sendable () async -> SignedBytes, statements: [any StatementPlace] = []) {
        self.bytes = bytes
        statementPlaces = statements
    }

    func read() async throws(Failure) -> SignedBytes {
        var read = await bytes()
        read.furtherSignatures = []
        return read
    }

    func signature(by key: KeyID) async throws(Failure) -> [UInt8]? {
        await bytes().furtherSignatures.first { (try? MinisignSignature(parsing: $0))?.keyID == key }
    }

    func freshness() async throws(Failure) -> SignedFreshness? { await word() }
}
