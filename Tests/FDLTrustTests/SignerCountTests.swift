import FDLCore
import FDLCrypto
import TestSupport
import Testing

@testable import FDLTrust

@Suite("Which signatures of a manifest count")
struct SignerCountTests {
    private let a: TestKey
    private let b: TestKey
    private let c: TestKey

    init() throws {
        a = try TestKey()
        b = try TestKey()
        c = try TestKey()
    }

    private func publisher(
        _ keys: [PublisherStatement.Key],
        threshold: Int = 1
    ) throws -> AcceptedPublisher {
        try StatementChain(pinned: TestPublisher.statement(keys, threshold: threshold).encoded)
            .accepted(label: "acme", names: [])
    }

    @Test func `Two signatures by one key are one`() throws {
        let publisher = try publisher([.init(a), .init(b)], threshold: 2)
        let twice = try TestPublisher.manifest(by: [a, a])
        #expect(throws: VerificationError.tooFewSigners(publisher: "acme", found: 1, needed: 2)) {
            try VerifiedManifest.verify(twice, publishers: [publisher])
        }
        let both = try TestPublisher.manifest(by: [a, b])
        #expect(try VerifiedManifest.verify(both, publishers: [publisher]).signers == [a.key, b.key])
    }

    @Test func `A further signature that does not hold is passed over`() throws {
        let publisher = try publisher([.init(a), .init(b)])
        var signed = try TestPublisher.manifest(by: [a, c])
        signed.furtherSignatures += [try b.signature(of: [1]), []]
        #expect(try VerifiedManifest.verify(signed, publishers: [publisher]).signers == [a.key])
        let two = try self.publisher([.init(a), .init(b)], threshold: 2)
        #expect(throws: VerificationError.tooFewSigners(publisher: "acme", found: 1, needed: 2)) {
            try VerifiedManifest.verify(signed, publishers: [two])
        }
    }

    @Test func `A retired key counts for the names that it is said of, up to the versions said`() throws {
        let tool = ManifestName(from: "tool")
        let publisher = try publisher([.init(a), .init(b, until: [tool: 7])])
        let cases: [(String, Int64, Bool)] = [("tool", 7, true), ("tool", 8, false), ("other", 1, false)]
        for (name, version, counts) in cases {
            let signed = try TestPublisher.manifest(name, version: version, by: [b])
            if counts {
                #expect(try VerifiedManifest.verify(signed, publishers: [publisher]).signers == [b.key])
            } else {
                #expect(throws: VerificationError.keyRetired(b.key.id, publisher: "acme")) {
                    try VerifiedManifest.verify(signed, publishers: [publisher])
                }
            }
        }
        // Nor does it lift the others' versions: those it does not count for are forgotten.
        var record = SeenRecord()
        record.note(9, SHA256Digest(hashing: []), by: [b.key])
        #expect(record.highest(of: tool, for: publisher) == nil)
        record.note(6, SHA256Digest(hashing: []), by: [a.key])
        #expect(record.highest(of: tool, for: publisher)?.version == 6)
    }

    @Test func `A key for fresh word counts for no manifest`() throws {
        let publisher = try publisher([.init(a), .init(b, [.fresh])])
        #expect(throws: VerificationError.signature(.unknownKey(b.key.id))) {
            try VerifiedManifest.verify(TestPublisher.manifest(by: [b]), publishers: [publisher])
        }
    }

    @Test func `Of two publishers who have signed, the one that is followed vouches`() async throws {
        let folder = try TemporaryFolder()
        let ring = KeyRing(directories: folder.directories)
        try ring.trust(a.key, label: "first")
        try ring.trust(b.key, label: "second")
        let place = try TestManifestPlace(TestPublisher.manifest(by: [a, b]))
        var acceptance = ManifestAcceptance(directories: folder.directories)
        acceptance.name = "tool"
        #expect(try await acceptance.accept(place, now: TestPublisher.noon).publisher?.label == "first")
        let seen = try SeenVersions(directories: folder.directories)
        try seen.follow(PublisherIdentity(b.key), for: ManifestName(from: "tool"))
        let verified = try await acceptance.accept(place, now: TestPublisher.noon)
        #expect(verified.publisher?.label == "second" && verified.signers == [b.key])
    }
}
