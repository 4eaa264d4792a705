import FDLCore
import FDLCrypto
import Synchronization
import TestSupport
import Testing

@testable import FDLTrust

/// A publisher's statements, made when they are asked for.
private final class Statements: StatementPlace {
    enum Failing {
        case never
        case always
    }

    private let key: SecretKey
    private let last: Int64
    private let failing: Failing
    /// The version of the one that has expired long ago.
    private let expired: Int64?
    private let asked = Mutex(0)
    /// How many statements were asked for.
    var count: Int { asked.withLock { $0 } }

    init(_ key: consuming SecretKey, last: Int64, failing: Failing = .never, expired: Int64? = nil) {
        self.key = key
        self.last = last
        self.failing = failing
        self.expired = expired
    }

    private func bytes(_ version: Int64) throws -> [UInt8] {
        try PublisherStatement(
            name: ManifestName(from: "acme"),
            version: version,
            created: UTCTime(secondsSince1970: 0),
            expires: version == expired ? UTCTime(secondsSince1970: 1) : nil,
            keys: [.init(key.publicKey, roles: [.sign])],
            threshold: 1,
            maximumAge: nil
        ).encoded
    }

    /// The chain that begins with the first statement.
    func chain() throws -> StatementChain { try StatementChain(pinned: bytes(1)) }

    func statement(of publisher: ManifestName, version: Int64) async throws(Failure) -> [UInt8]? {
        asked.withLock { $0 += 1 }
        if failing == .always { throw Failure(.noSource, "nobody is there") }
        return version <= last ? try? bytes(version) : nil
    }

    func signature(
        ofStatement version: Int64,
        of publisher: ManifestName,
        by key: KeyID?
    ) async throws(Failure) -> [UInt8]? {
        guard key == nil, let bytes = try? bytes(version) else { return nil }
        return try? MinisignSignature(signing: bytes, with: self.key, trustedComment: "").encoded
    }
}

/// A place with nonsense.
private struct Liar: StatementPlace {
    func statement(of publisher: ManifestName, version: Int64) async throws(Failure) -> [UInt8]? { [0x7b, 0x7d] }

    func signature(
        ofStatement version: Int64,
        of publisher: ManifestName,
        by key: KeyID?
    ) async throws(Failure) -> [UInt8]? { nil }
}

@Suite struct StatementWalkTests {
    /// What ends a walk; nil if nothing does.
    private func failure(of walk: StatementWalk, _ chain: inout StatementChain) async -> Failure? {
        do throws(Failure) {
            _ = try await walk.walk(&chain) { (_, _) throws(Failure) in }
            return nil
        } catch {
            return error
        }
    }

    @Test func `all that follow are walked, each is told, and the next one that is not there ends it`() async throws {
        let place = Statements(try SecretKey.generate(), last: 5)
        var chain = try place.chain()
        var told: [Int64] = []
        let refused = try await StatementWalk([place]).walk(&chain) { (_, longer) throws(Failure) in
            told.append(longer.last.version)
        }
        #expect(refused.isEmpty && told == [2, 3, 4, 5] && chain.last.version == 5)
        #expect(place.count == 5)
    }

    @Test func `one that has expired is walked past: only the last one has to be valid`() async throws {
        let place = Statements(try SecretKey.generate(), last: 3, expired: 2)
        var chain = try place.chain()
        #expect(await failure(of: StatementWalk([place]), &chain) == nil)
        #expect(chain.last.version == 3)
    }

    @Test func `at most 1,024 are walked in one run, and the next run goes on`() async throws {
        let place = Statements(try SecretKey.generate(), last: 1_030)
        var chain = try place.chain()
        let walk = StatementWalk([place])
        let failure = await failure(of: walk, &chain)
        #expect(failure?.message.hasPrefix("1024 publisher statements") == true)
        #expect(chain.last.version == 1_025)
        _ = try await walk.walk(&chain) { (_, _) throws(Failure) in }
        #expect(chain.last.version == 1_030)
    }

    @Test func `one that lies is refused alone, and passed over beside another`() async throws {
        let honest = Statements(try SecretKey.generate(), last: 2)
        let first = try honest.chain()
        var chain = first
        let failure = await failure(of: StatementWalk([Liar()]), &chain)
        #expect(failure?.exitCode == .integrity && chain == first)
        let refused = try await StatementWalk([Liar(), honest]).walk(&chain) { (_, _) throws(Failure) in }
        #expect(chain.last.version == 2 && refused.count == 1)
    }

    @Test func `a place that cannot be read keeps nobody from the others, and is told if it is alone`() async throws {
        let honest = Statements(try SecretKey.generate(), last: 3)
        let dead = Statements(try SecretKey.generate(), last: 0, failing: .always)
        var chain = try honest.chain()
        _ = try await StatementWalk([dead, honest]).walk(&chain) { (_, _) throws(Failure) in }
        #expect(chain.last.version == 3)
        let failure = await failure(of: StatementWalk([dead]), &chain)
        #expect(failure?.message == "nobody is there")
        let refused = try await StatementWalk([]).walk(&chain) { (_, _) throws(Failure) in }
        #expect(refused.isEmpty)
    }
}

@Suite struct SignatureSearchTests {
    private func publishers(_ count: Int) throws -> [AcceptedPublisher] {
        try (0..<count).map { _ in AcceptedPublisher(try SecretKey.generate().publicKey) }
    }

    /// What is asked for if nobody has anything.
    private func asked(_ search: SignatureSearch, signers: [PublicKey] = []) -> [KeyID] {
        var search = search
        var asked: [KeyID] = []
        while let key = search.next(after: signers) { asked.append(key) }
        return asked
    }

    @Test func `each key is asked for once, and 16 at most`() throws {
        let few = try publishers(3)
        let search = SignatureSearch(few, preferred: nil, wantsAll: false)
        #expect(asked(search) == few.map { $0.keys[0].key.id })
        #expect(asked(SignatureSearch(try publishers(20), preferred: nil, wantsAll: false)).count == 16)
    }

    @Test func `where somebody has signed nobody else is asked for, unless another is followed or all count`() throws {
        let few = try publishers(3)
        let signer = few[1].keys[0].key
        #expect(asked(SignatureSearch(few, preferred: nil, wantsAll: false), signers: [signer]).isEmpty)
        let preferring = SignatureSearch(few, preferred: few[2].identity, wantsAll: false)
        #expect(asked(preferring, signers: [signer]) == [few[2].keys[0].key.id])
        #expect(asked(SignatureSearch(few, preferred: nil, wantsAll: true), signers: [signer]).count == 2)
    }

    @Test func `the other keys of whoever has signed are asked for first`() throws {
        let strangers = try publishers(20)
        let keys = try (0..<3).map { _ in try SecretKey.generate().publicKey }
        let publisher = AcceptedPublisher(
            .statement(SHA256Digest(hashing: [])),
            label: "acme",
            keys: keys.map { SigningKey($0) },
            threshold: 3,
            removed: [],
            names: []
        )
        let search = SignatureSearch(strangers + [publisher], preferred: nil, wantsAll: false)
        #expect(Array(asked(search, signers: [keys[0]]).prefix(2)) == [keys[1].id, keys[2].id])
    }
}
