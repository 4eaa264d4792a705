import FDLCore
import FDLCrypto
import FoundationEssentials
import Testing
import TestSupport

@testable import FDLTrust

/// The vectors of `Tests/Vectors`, which other implementations may use as well.
@Suite struct VectorTests {
    private struct File<Case: Decodable>: Decodable {
        let cases: [Case]
    }

    private struct Head: Decodable {
        let name: String
        let valid: Bool
        let says: String
    }

    private static let folder: String = {
        let copy = ProcessInfo.processInfo.environment["FDL_TEST_SOURCES"]
        let here = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        return (copy ?? here) + "/Tests/Vectors/"
    }()

    /// Holds each case of a file against what it says of itself.
    private func check<Case: Decodable>(
        _ file: String,
        as type: Case.Type,
        _ body: (Case) throws -> Void
    ) throws {
        let data = Data(try Files.read(Self.folder + file))
        let heads = try JSONDecoder().decode(File<Head>.self, from: data).cases
        let cases = try JSONDecoder().decode(File<Case>.self, from: data).cases
        try #require(cases.count > 10 && heads.contains { $0.valid } && heads.contains { !$0.valid })
        for (head, one) in zip(heads, cases) {
            do {
                try body(one)
                #expect(head.valid, "\(file): \(head.name): accepted")
            } catch {
                let told = (error as? any Explained)?.failure.message ?? "\(error)"
                #expect(!head.valid && told.contains(head.says), "\(file): \(head.name): \(told)")
            }
        }
    }

    @Test func manifests() throws {
        struct Case: Decodable { let text: String }
        try check("manifests.json", as: Case.self) { _ = try Manifest(parsing: Array($0.text.utf8)) }
    }

    @Test func keys() throws {
        struct Case: Decodable { let line: String }
        try check("keys.json", as: Case.self) { _ = try PublicKey(minisign: $0.line) }
    }

    @Test func signatures() throws {
        struct Case: Decodable {
            let message: String
            let signature: String
            let keys: [String]
        }
        try check("signatures.json", as: Case.self) { one in
            let keys = try one.keys.map { try PublicKey(minisign: $0) }
            let signature = try MinisignSignature(parsing: Array(one.signature.utf8))
            _ = try signature.verify(Array(one.message.utf8), acceptedKeys: keys)
        }
    }

    @Test func statements() throws {
        struct Step: Decodable {
            let text: String
            let signatures: [String]
        }
        struct Case: Decodable {
            let pinned: String
            let next: [Step]
        }
        try check("statements.json", as: Case.self) { one in
            var chain = try StatementChain(pinned: Array(one.pinned.utf8))
            for step in one.next {
                let signatures = step.signatures.map { Array($0.utf8) }
                try chain.follow(SignedStatement(bytes: Array(step.text.utf8), signatures: signatures))
            }
            let again = try PublisherStatement(parsing: chain.last.encoded)
            #expect(again == chain.last)
        }
    }

    @Test func freshness() throws {
        struct Case: Decodable {
            let text: String
            let signature: String
            let manifest: String
            let manifestSignature: String
            let publisher: String
            let now: String
        }
        try check("freshness.json", as: Case.self) { one in
            let chain = try StatementChain(pinned: Array(one.publisher.utf8))
            let signed = SignedBytes(
                manifest: Array(one.manifest.utf8),
                signature: Array(one.manifestSignature.utf8),
                origin: "m"
            )
            let accepted = chain.accepted(label: "acme", names: [])
            let verified = try VerifiedManifest.verify(signed, publishers: [accepted])
            let word = SignedFreshness(bytes: Array(one.text.utf8), signature: Array(one.signature.utf8))
            let fresh = try word.verify(for: verified, by: chain.last)
            try fresh.check(
                chain.last,
                maximumAge: #require(chain.last.maximumAge),
                now: #require(UTCTime(one.now))
            )
            #expect(try FreshStatement(parsing: fresh.encoded) == fresh)
        }
    }
}
