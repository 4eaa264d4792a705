import FDLCore
import FDLCrypto
import Synchronization
import TestSupport
import Testing

@testable import FDLTrust

/// A place that says when it is asked.
private struct Asked: StatementPlace {
    let place: TestStatements
    let asked: AsyncStream<Int64>.Continuation

    func statement(of publisher: ManifestName, version: Int64) async throws(Failure) -> [UInt8]? {
        asked.yield(version)
        return try await place.statement(of: publisher, version: version)
    }

    func signature(
        ofStatement version: Int64,
        of publisher: ManifestName,
        by key: KeyID?
    ) async throws(Failure) -> [UInt8]? {
        try await place.signature(ofStatement: version, of: publisher, by: key)
    }
}

/// A place that answers nothing until whoever asks gives up.
private struct Silent: StatementPlace {
    let asked: AsyncStream<Int64>.Continuation

    func statement(of publisher: ManifestName, version: Int64) async throws(Failure) -> [UInt8]? {
        asked.yield(version)
        do { try await Task.sleep(for: .seconds(86_400)) } catch { throw .interrupted }
        return nil
    }

    func signature(
        ofStatement version: Int64,
        of publisher: ManifestName,
        by key: KeyID?
    ) async throws(Failure) -> [UInt8]? { nil }
}

@Suite("Statements that are asked for with a manifest")
struct StatementAcceptanceTests {
    private let folder: TemporaryFolder
    private let ring: KeyRing
    private let a: TestKey
    private let b: TestKey
    private let second: SignedStatement
    private var acceptance: ManifestAcceptance

    init() throws {
        a = try TestKey()
        b = try TestKey()
        folder = try TemporaryFolder()
        ring = KeyRing(directories: folder.directories)
        try ring.pin(TestPublisher.statement([.init(a)]).encoded)
        second = try TestPublisher.signed(TestPublisher.statement([.init(b)], version: 2), by: [a, b])
        acceptance = ManifestAcceptance(directories: folder.directories)
        acceptance.name = "tool"
    }

    private func lastVersion() throws -> Int64? { try ring.pinnedPublishers().first?.chain.last.version }

    @Test func `A new key is known by the next statement, which is kept`() async throws {
        let place = try TestManifestPlace(TestPublisher.manifest(by: [b]), statements: [TestStatements([(2, second)])])
        let verified = try await acceptance.accept(place, now: TestPublisher.noon)
        #expect(verified.signers == [b.key])
        #expect(try lastVersion() == 2)
        // The key of before counts for nothing from then on, also where no server is asked.
        let old = try TestManifestPlace(TestPublisher.manifest(by: [a]))
        await #expect(throws: VerificationError.keyRemoved(a.key.id, publisher: "acme").failure) {
            try await acceptance.accept(old, now: TestPublisher.noon)
        }
    }

    @Test func `Without state nothing is kept`() async throws {
        var acceptance = acceptance
        acceptance.usesState = false
        let place = try TestManifestPlace(TestPublisher.manifest(by: [b]), statements: [TestStatements([(2, second)])])
        #expect(try await acceptance.accept(place, now: TestPublisher.noon).signers == [b.key])
        #expect(try lastVersion() == 1)
    }

    @Test func `Every place is asked`() async throws {
        let statements: [any StatementPlace] = [TestStatements(), TestStatements([(2, second)])]
        let place = try TestManifestPlace(TestPublisher.manifest(by: [b]), statements: statements)
        #expect(try await acceptance.accept(place, now: TestPublisher.noon).signers == [b.key])
    }

    @Test(.timeLimit(.minutes(1)))
    func `Of whom a name was followed the next statement is asked for while the manifest is read`() async throws {
        let manifest = try TestPublisher.manifest(by: [a])
        let first = try await acceptance.accept(TestManifestPlace(manifest), now: TestPublisher.noon)
        try acceptance.note(first)
        let (asked, continuation) = AsyncStream.makeStream(of: Int64.self)
        // The manifest does not come before the statement was asked for.
        let place = TestManifestPlace(
            {
                for await version in asked where version == 2 { break }
                return manifest
            },
            statements: [Asked(place: TestStatements(), asked: continuation)]
        )
        #expect(try await acceptance.accept(place, now: TestPublisher.noon).signers == [a.key])
        // What it finds then counts.
        let removed = TestManifestPlace(manifest, statements: [TestStatements([(2, second)])])
        await #expect(throws: VerificationError.keyRemoved(a.key.id, publisher: "acme").failure) {
            try await acceptance.accept(removed, now: TestPublisher.noon)
        }
        #expect(try lastVersion() == 2)
    }

    @Test(.timeLimit(.minutes(1)))
    func `Whoever is cancelled while a server says nothing waits for it no longer`() async throws {
        let manifest = try TestPublisher.manifest(by: [a])
        try acceptance.note(try await acceptance.accept(TestManifestPlace(manifest), now: TestPublisher.noon))
        let (asked, continuation) = AsyncStream.makeStream(of: Int64.self)
        let place = TestManifestPlace(manifest, statements: [Silent(asked: continuation)])
        let accepting = Task { [acceptance] in try await acceptance.accept(place, now: TestPublisher.noon) }
        for await _ in asked { break }
        accepting.cancel()
        await #expect(throws: Failure.interrupted) { try await accepting.value }
    }

    // MARK: Read again

    @Test func `A further signature of the manifest before is read again`() async throws {
        let label = try ring.pin(
            TestPublisher.statement([.init(b), .init(a)], name: "two", threshold: 2).encoded
        ).label
        try ring.distrust("acme")
        var acceptance = acceptance
        acceptance.publishers = [label]
        var half = try TestPublisher.manifest(version: 2, by: [b])
        half.furtherSignatures = [try a.signature(of: TestPublisher.manifest(version: 1, by: []).manifest)]
        let (torn, whole) = try (half, TestPublisher.manifest(version: 2, by: [b, a]))
        let readings = Counter()
        // The manifest, and its further signature.
        let place = TestManifestPlace({ readings.next() <= 2 ? torn : whole })
        let verified = try await acceptance.accept(place, now: TestPublisher.noon)
        #expect(verified.signers.count == 2)
    }

    @Test func `Fresh word of the manifest before is read again, and what stays so is told`() async throws {
        let fresh = try TestKey()
        let statement = try TestPublisher.statement(
            [.init(a), .init(fresh, [.fresh])],
            name: "aged",
            expires: TestPublisher.after(days: 365),
            maximumAge: TestPublisher.day
        )
        try ring.distrust("acme")
        try ring.pin(statement.encoded)
        func word(_ version: Int64, of signed: SignedBytes) throws -> SignedFreshness {
            let bytes = FreshStatement(
                name: ManifestName(from: "tool"),
                version: version,
                digest: SHA256Digest(hashing: signed.manifest),
                publisherVersion: 1,
                created: TestPublisher.noon,
                expires: TestPublisher.after(days: 7)
            ).encoded
            return SignedFreshness(bytes: bytes, signature: try fresh.signature(of: bytes))
        }
        let (old, new) = try (TestPublisher.manifest(version: 1, by: [a]), TestPublisher.manifest(version: 2, by: [a]))
        let (before, now) = try (word(1, of: old), word(2, of: new))
        let readings = Counter()
        var place = TestManifestPlace(new)
        place.word = { readings.next() == 1 ? before : now }
        #expect(try await acceptance.accept(place, now: TestPublisher.noon).fresh?.version == 2)
        place.word = { before }
        await #expect(throws: StalenessError.otherVersion(1, manifest: 2).failure) {
            try await acceptance.accept(place, now: TestPublisher.noon)
        }
        // Where nobody can give it, it is not asked for.
        place.word = { nil }
        place.isLive = false
        #expect(try await acceptance.accept(place, now: TestPublisher.noon).fresh == nil)
    }
}

/// How often something was done.
private final class Counter: Sendable {
    private let count = Mutex(0)

    /// - Returns: 1 the first time.
    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
