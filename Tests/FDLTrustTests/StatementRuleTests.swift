import FDLCore
import FDLCrypto
import TestSupport
import Testing

@testable import FDLTrust

/// What `Tests/Vectors` has no case of.
@Suite("What a publisher statement may say")
struct StatementRuleTests {
    private let a: TestKey
    private let b: TestKey
    private let fresh: TestKey

    init() throws {
        a = try TestKey()
        b = try TestKey()
        fresh = try TestKey()
    }

    @Test func `64 keys, and no more`() throws {
        let keys = try (0..<65).map { _ in PublisherStatement.Key(try TestKey()) }
        let most = try TestPublisher.statement(Array(keys.dropLast()))
        #expect(try PublisherStatement(parsing: most.encoded).keys.count == 64)
        #expect(throws: StatementError.tooManyKeys(65)) { try TestPublisher.statement(keys) }
        let one = #""keys": [{"key": "\#(keys[64].key.minisignLine)", "roles": ["sign"]}, "#
        let text = String(decoding: most.encoded, as: UTF8.self).replacing("\"keys\": [", with: one)
        #expect(throws: StatementError.tooManyKeys(65)) { try PublisherStatement(parsing: Array(text.utf8)) }
    }

    @Test func `A version is 1 or more, and no key but its second line is one`() throws {
        let text = String(decoding: try TestPublisher.statement([.init(a)]).encoded, as: UTF8.self)
        for version in ["0", "-1", "9007199254740992"] {
            let changed = text.replacing("\"version\": 1", with: "\"version\": \(version)")
            #expect(throws: StatementError.text(.versionOutOfRange)) {
                try PublisherStatement(parsing: Array(changed.utf8))
            }
        }
        let whole = a.key.minisignText.replacing("\n", with: "\\n")
        #expect(throws: StatementError.self) {
            try PublisherStatement(parsing: Array(text.replacing(a.key.minisignLine, with: whole).utf8))
        }
        #expect(try PublisherStatement(parsing: Array(text.utf8)).keys.map(\.key) == [a.key])
    }

    @Test func `A key for fresh word that was retired says nothing any more`() throws {
        let retired = PublisherStatement.Key(fresh, [.sign, .fresh], until: [:])
        let expires = TestPublisher.after(days: 365)
        #expect(throws: StatementError.noFreshKey) {
            try TestPublisher.statement([.init(a), retired], expires: expires, maximumAge: 60)
        }
        let statement = try TestPublisher.statement(
            [.init(a), retired, .init(b, [.fresh])],
            expires: expires,
            maximumAge: 60
        )
        #expect(statement.freshKeys == [b.key] && statement.signingKeys == [a.key])
    }

    @Test func `What is of the day after tomorrow is refused`() throws {
        let statement = try TestPublisher.statement([.init(a)])
        try statement.check(now: TestPublisher.after(days: -1))
        let early = UTCTime(secondsSince1970: TestPublisher.after(days: -1).secondsSince1970 - 1)
        #expect(throws: StatementError.notYetMade(created: TestPublisher.noon, now: early)) {
            try statement.check(now: early)
        }
    }

    @Test func `One that has expired is followed to the next, whose own date counts`() async throws {
        let (first, second, third) = try (
            TestPublisher.statement([.init(a)], version: 1, expires: TestPublisher.after(days: 10)),
            TestPublisher.statement([.init(b)], version: 2, expires: TestPublisher.after(days: 20)),
            TestPublisher.statement([.init(b)], version: 3, expires: TestPublisher.after(days: 90))
        )
        let place = try TestStatements([
            (2, TestPublisher.signed(second, by: [a, b])), (3, TestPublisher.signed(third, by: [b])),
        ])
        let folder = try TemporaryFolder()
        try KeyRing(directories: folder.directories).pin(first.encoded)
        let manifest = try TestManifestPlace(TestPublisher.manifest(by: [b]), statements: [place])
        let acceptance = ManifestAcceptance(directories: folder.directories)
        let now = TestPublisher.after(days: 30)
        #expect(try await acceptance.accept(manifest, now: now).publisher?.statement == third)
        // Long after all of them, the last one has expired.
        let late = TestPublisher.after(days: 90)
        await #expect(throws: StatementError.expired(version: 3, at: late, now: late).failure) {
            try await acceptance.accept(manifest, now: late)
        }
    }
}
