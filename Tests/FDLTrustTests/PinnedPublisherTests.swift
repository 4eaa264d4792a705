import FDLCore
import FDLCrypto
import FDLSystem
import TestSupport
import Testing

@testable import FDLTrust

@Suite("Publishers whose statements are pinned")
struct PinnedPublisherTests {
    private let folder: TemporaryFolder
    private let ring: KeyRing
    private let a: TestKey
    private let b: TestKey
    private let c: TestKey

    init() throws {
        a = try TestKey()
        b = try TestKey()
        c = try TestKey()
        folder = try TemporaryFolder()
        ring = KeyRing(directories: folder.directories)
    }

    private func keep(_ signed: SignedStatement, _ version: Int64, of publisher: PinnedPublisher) throws {
        try ring.keep(signed, version: version, of: publisher.chain.anchor)
    }

    @Test func `What is kept of one is nothing of another's of the same name`() throws {
        let one = try ring.pin(TestPublisher.statement([.init(a)]).encoded, label: "one")
        try ring.pin(TestPublisher.statement([.init(b)]).encoded, label: "two")
        try keep(TestPublisher.signed(TestPublisher.statement([.init(a), .init(c)], version: 2), by: [a]), 2, of: one)
        let kept = try ring.pinnedPublishers()
        #expect(kept.map(\.label) == ["one", "two"])
        #expect(kept.map(\.chain.last.version) == [2, 1])
        #expect(kept[0].accepted.identity != kept[1].accepted.identity)
    }

    @Test func `All signatures of a kept statement are kept: it takes them again`() throws {
        let first = try TestPublisher.statement([.init(a), .init(b)], threshold: 2)
        let publisher = try ring.pin(first.encoded)
        let second = try TestPublisher.statement([.init(b), .init(c)], version: 2, threshold: 2)
        try keep(TestPublisher.signed(second, by: [a, b, c]), 2, of: publisher)
        #expect(try ring.pinnedPublishers().map(\.chain.last) == [second])
    }

    @Test(arguments: ["", "{}", "nonsense"])
    func `What is kept and no longer follows ends it: a removed key would count again`(text: String) throws {
        let publisher = try ring.pin(TestPublisher.statement([.init(a)]).encoded)
        try keep(TestPublisher.signed(TestPublisher.statement([.init(b)], version: 2), by: [a, b]), 2, of: publisher)
        let file = try ring.statements(of: publisher.chain.anchor).file(2)
        try WholeFile.replace(file, with: Array(text.utf8), mode: 0o600)
        let error = #expect(throws: KeyRingError.self) { try ring.pinnedPublishers() }
        guard case .keptDamaged(let path, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(path == file)
    }

    @Test func `A key that a statement has ever named counts by no other way`() throws {
        let publisher = try ring.pin(TestPublisher.statement([.init(a)]).encoded)
        try keep(TestPublisher.signed(TestPublisher.statement([.init(b)], version: 2), by: [a, b]), 2, of: publisher)
        try ring.trust(a.key, label: "alone")
        try ring.trust(c.key, label: "other")
        let accepted = try ring.accepted(keys: [], labels: [])
        #expect(accepted.all.map(\.label) == ["acme", "other"])
        #expect(accepted.all.first?.removed == [a.key])
        // Named by itself it is the publisher's, too.
        let named = try ring.accepted(keys: [a.key.minisignLine], labels: [])
        #expect(named.all.map(\.label) == ["acme"])
        #expect(try ring.accepted(keys: [], labels: ["alone"]).all.isEmpty)
        #expect(try ring.accepted(keys: [], labels: ["other"]).all.map(\.label) == ["other"])
        #expect(try ring.accepted(keys: [], labels: ["acme"]).all.map(\.label) == ["acme"])
    }

    @Test func `The own key counts if nobody is named`() throws {
        let own = try ring.createOwnKey(passphrase: nil).publicKey
        try ring.trust(a.key, label: "other")
        #expect(try ring.accepted(keys: [], labels: []).all.map(\.keys[0].key) == [own, a.key])
        #expect(try ring.accepted(keys: [], labels: ["other"]).all.map(\.keys[0].key) == [a.key])
        #expect(try ring.accepted(keys: [a.key.minisignLine], labels: []).all.map(\.keys[0].key) == [a.key])
    }

    @Test func `A label is one publisher's, whether known by a key or by statements`() throws {
        let statement = try TestPublisher.statement([.init(a)]).encoded
        try ring.trust(b.key, label: "acme")
        #expect(throws: KeyRingError.labelTaken("acme")) { try ring.pin(statement) }
        try ring.pin(statement, label: "maker")
        #expect(throws: KeyRingError.labelTaken("maker")) { try ring.trust(c.key, label: "maker") }
        #expect(throws: KeyRingError.pinnedAlready(label: "maker")) { try ring.pin(statement, label: "third") }
        let other = try TestPublisher.statement([.init(c)]).encoded
        #expect(throws: KeyRingError.labelTaken("maker")) { try ring.pin(other, label: "maker") }
        #expect(try ring.pinnedPublishers().map(\.label) == ["maker"])
    }

    @Test func `Pinning again changes the names only if some are given`() throws {
        let statement = try TestPublisher.statement([.init(a)]).encoded
        let patterns = try ["acme-*"].map { try #require(NamePattern($0)) }
        try ring.pin(statement, names: patterns)
        try ring.pin(statement)
        #expect(try ring.pinnedPublishers().map(\.names) == [patterns])
        let others = try ["tool"].map { try #require(NamePattern($0)) }
        try ring.pin(statement, names: others)
        #expect(try ring.pinnedPublishers().map(\.names) == [others])
    }

    @Test func `A file that holds no statement is named and passed over`() throws {
        try ring.pin(TestPublisher.statement([.init(a)]).encoded)
        try folder.write(Array("{}".utf8), "config/fdl/trusted/bad.publisher.json")
        var told: [String] = []
        #expect(try ring.pinnedPublishers(passedOver: { told.append($0.failure.message) }).map(\.label) == ["acme"])
        #expect(told.count == 1 && told[0].contains("bad.publisher.json"), "\(told)")
    }

    @Test func `Servers are noted once, the last one first, eight of them`() throws {
        let anchor = try ring.pin(TestPublisher.statement([.init(a)]).encoded).chain.anchor
        #expect(ring.servers(of: anchor).isEmpty)
        let all = try (1...9).map { try SourceURL("https://h\($0).example/tree/") }
        for server in all { ring.note(server: server, of: anchor) }
        ring.note(server: all[4], of: anchor)
        #expect(ring.servers(of: anchor) == Array(all.reversed().dropLast()))
        let other = SHA256Digest(hashing: [])
        #expect(ring.servers(of: other).isEmpty)
        // A query lets into the tree, and is nobody's business.
        ring.note(server: try SourceURL("https://h.example/?sig=secret", allowingQuery: true), of: other)
        #expect(ring.servers(of: other).count == 1 && ring.servers(of: other).allSatisfy { $0.query == nil })
        let file = String(decoding: try folder.read("state/fdl/publishers/\(other.hex)/servers"), as: UTF8.self)
        #expect(file == "https://h.example/\n")
        // What was noted is no statement, and what is damaged is as if nothing had been noted.
        #expect(try ring.pinnedPublishers().map(\.chain.last.version) == [1])
        try folder.write(Array("nonsense\nhttps://x.example/\n".utf8), "state/fdl/publishers/\(anchor.hex)/servers")
        #expect(try ring.servers(of: anchor) == [SourceURL("https://x.example/")])
    }
}
