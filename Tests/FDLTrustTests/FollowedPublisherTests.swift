import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust
import TestSupport
import Testing

/// One name, one publisher: which of the accepted ones may sign which name.
@Suite("Whose name it is")
struct FollowedPublisherTests {
    private let folder: TemporaryFolder
    private let a: TestKey
    private let b: TestKey
    private var acceptance: ManifestAcceptance

    init() throws {
        folder = try TemporaryFolder()
        a = try TestKey()
        b = try TestKey()
        acceptance = ManifestAcceptance(directories: folder.directories)
    }

    private func trust(_ key: TestKey, _ label: String, for patterns: [String] = []) throws {
        let names = try patterns.map { try #require(NamePattern($0)) }
        _ = try KeyRing(directories: folder.directories).trust(key.key, label: label, names: names)
    }

    /// Accepts a manifest and follows it.
    /// - Returns: the exit code and the message of a refusal; nil if there is none.
    private func follow(_ signed: SignedBytes, _ acceptance: ManifestAcceptance) async -> (ExitCode, String)? {
        do throws(Failure) {
            try acceptance.note(await acceptance.accept(TestManifestPlace(signed), now: TestPublisher.noon))
            return nil
        } catch {
            return (error.exitCode, error.message)
        }
    }

    @Test func `A second accepted publisher cannot answer for the first one's name, unless it is named`() async throws {
        try trust(a, "first")
        try trust(b, "second")
        #expect(await follow(try TestPublisher.manifest(by: [a]), acceptance) == nil)
        let later = try TestPublisher.manifest(version: 2, by: [b])
        let refused = await follow(later, acceptance)
        #expect(refused?.0 == .integrity)
        #expect(["first", "second"].allSatisfy { refused?.1.contains($0) == true })
        // Another name is free.
        #expect(await follow(try TestPublisher.manifest("other", by: [b]), acceptance) == nil)
        var named = acceptance
        named.publishers = ["second"]
        #expect(await follow(later, named) == nil)
    }

    @Test func `A publisher that is accepted for some names signs no others`() async throws {
        try trust(a, "first", for: ["tool-*", "lib"])
        for name in ["tool-1", "lib"] {
            #expect(await follow(try TestPublisher.manifest(name, by: [a]), acceptance) == nil)
        }
        for name in ["tool", "lib2"] {
            let refused = await follow(try TestPublisher.manifest(name, by: [a]), acceptance)
            #expect(refused?.0 == .integrity)
            #expect(refused?.1 == "first is accepted for tool-*, lib, and this is the manifest of \(name)")
        }
    }

    @Test func `What is not signed is taken only if that is allowed, and a wrong signature not even then`() async throws
    {
        try trust(a, "first")
        var allowing = acceptance
        allowing.allowsUnsigned = true
        let unsigned = try TestPublisher.manifest(by: [])
        #expect(await follow(unsigned, acceptance)?.0 == .integrity)
        #expect(await follow(unsigned, allowing) == nil)
        #expect(await follow(try TestPublisher.manifest(by: [b]), allowing)?.0 == .integrity)
    }

    @Test func `Whoever has signed and was not named is told`() async throws {
        try trust(a, "first")
        var named = acceptance
        named.publisherKeys = [b.key.minisignLine]
        let refused = await follow(try TestPublisher.manifest(by: [a]), named)
        #expect(refused?.0 == .integrity && refused?.1.contains("none of those named") == true)
    }

    @Test func `An older one is refused, unless that is allowed`() async throws {
        try trust(a, "first")
        #expect(await follow(try TestPublisher.manifest(version: 5, by: [a]), acceptance) == nil)
        let older = try TestPublisher.manifest(version: 4, by: [a])
        #expect(await follow(older, acceptance)?.0 == .integrity)
        var allowing = acceptance
        allowing.allowsOlder = true
        #expect(await follow(older, allowing) == nil)
        // What is older does not become the newest by that.
        #expect(await follow(older, acceptance)?.0 == .integrity)
    }

    @Test func `Who was known by a key is the same when it has a statement`() async throws {
        try trust(a, "first")
        #expect(await follow(try TestPublisher.manifest(version: 5, by: [a]), acceptance) == nil)
        let statement = try TestPublisher.statement([.init(a), .init(b)])
        _ = try KeyRing(directories: folder.directories).pin(statement.encoded)
        // Its name is its own still, and what was seen counts, by whichever of its keys.
        #expect(await follow(try TestPublisher.manifest(version: 4, by: [a]), acceptance)?.0 == .integrity)
        #expect(await follow(try TestPublisher.manifest(version: 6, by: [b]), acceptance) == nil)
    }
}
