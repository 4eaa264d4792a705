import FDLCore
import FDLCrypto
import FDLTrust
import Foundation
import Testing
import TestSupport

@testable import FDLPublishing

@Suite struct SigningTests {
    @Test func isAcceptedByItsReader() async throws {
        let folder = try TemporaryFolder()
        let input = try PublishingInput(scanning: folder.write([1, 2, 3], "x"))
        let now = UTCTime(secondsSince1970: 1_795_341_600)
        let manifest = try await ManifestRecipe().manifest(of: input, now: now)
        let key = try SecretKey.generate()
        let signed = try SignedBytes(manifest, signedWith: key, fileName: "x\n.json", now: now)
        try signed.write(to: "\(folder.path)/m.json")
        #expect(try folder.names() == ["m.json", "m.json.minisig", "x"])
        let read = try SignedBytes(readingFile: "\(folder.path)/m.json")
        let verified = try VerifiedManifest.verify(read, acceptedKeys: [key.publicKey])
        #expect(verified.manifest == manifest)
        let digest = SHA256Digest(hashing: signed.manifest).hex
        #expect(verified.trustedComment == "timestamp:1795341600\tfile:x?.json\thashed\tsha256:\(digest)")
    }

    @Test func `signatures get their names before the manifest that they are of`() async throws {
        let folder = try TemporaryFolder()
        let input = try PublishingInput(scanning: folder.write([1], "x"))
        let now = UTCTime(secondsSince1970: 1)
        let path = "\(folder.path)/m.json"
        let (a, b) = (try Key(), try Key())
        let manifest = try await ManifestRecipe().manifest(of: input, now: now)
        var signed = try SignedBytes(manifest, signedWith: a.secret, fileName: path, now: now)
        try signed.sign(with: b.secret, now: now)
        let watch = try DirectoryWatch(folder.path)
        try signed.write(to: path)
        #expect(try watch.renamed() == [b.further, "m.json.minisig", "m.json"])
    }

    @Test func `further signatures lie beside the first, and those of before go`() async throws {
        let folder = try TemporaryFolder()
        let input = try PublishingInput(scanning: folder.write([1], "x"))
        let now = UTCTime(secondsSince1970: 1)
        let manifest = try await ManifestRecipe().manifest(of: input, now: now)
        let path = "\(folder.path)/m.json"
        let (a, b, c) = (try Key(), try Key(), try Key())
        var signed = try SignedBytes(manifest, signedWith: a.secret, fileName: path, now: now)
        try signed.sign(with: b.secret, now: now)
        try signed.sign(with: c.secret, now: now)
        try signed.write(to: path)
        #expect(try folder.names() == ["m.json", "m.json.minisig", "x", b.further, c.further].sorted())
        for key in [b, c] {
            let signature = try folder.read(key.further)
            let bytes = try SignedBytes(manifest: folder.read("m.json"), signature: signature, origin: path)
            #expect(try VerifiedManifest.verify(bytes, acceptedKeys: [key.secret.publicKey]).signers.count == 1)
        }
        // One that is nobody's name stays.
        try folder.write([1], "m.json.0123.minisig")
        var again = try SignedBytes(manifest, signedWith: a.secret, fileName: path, now: now)
        try again.sign(with: c.secret, now: now)
        try again.write(to: path)
        let names = ["m.json", "m.json.0123.minisig", "m.json.minisig", "x", c.further]
        #expect(try folder.names() == names.sorted())
    }

    private final class Key {
        let secret: SecretKey
        var further: String { "m.json.\(secret.publicKey.id).minisig" }

        init() throws {
            secret = try SecretKey.generate()
        }
    }

    @Test func bothFilesOrNone() async throws {
        let folder = try TemporaryFolder()
        let input = try PublishingInput(scanning: folder.write([1], "x"))
        let now = UTCTime(secondsSince1970: 1)
        let manifest = try await ManifestRecipe().manifest(of: input, now: now)
        let signed = try SignedBytes(manifest, signedWith: .generate(), fileName: "m", now: now)

        // No room for the signature's name: the manifest must not have been put in place.
        let tooLong = "\(folder.path)/\(String(repeating: "m", count: 255 - 7))"
        #expect(throws: PublishingError.self) { try SignedBytes.checkOutput(tooLong, publishing: input) }
        #expect(throws: PublishingError.self) { try signed.write(to: tooLong) }
        #expect(try folder.names() == ["x"])
        let longest = String(repeating: "m", count: 255 - 8)
        try signed.write(to: "\(folder.path)/\(longest)")
        #expect(try folder.names() == [longest, "\(longest).minisig", "x"])

        for path in ["\(folder.path)/none/m", "\(folder.path)/x/m", folder.path] {
            #expect(throws: PublishingError.self) { try SignedBytes.checkOutput(path, publishing: input) }
        }
        try SignedBytes.checkOutput("\(folder.path)/m", publishing: input)
    }

    @Test func whatIsPublishedOrForeignIsNeverReplaced() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write([1], "x")
        let input = try PublishingInput(scanning: file)
        func check(_ path: String) throws { try SignedBytes.checkOutput(path, publishing: input) }
        #expect(throws: PublishingError.outputIsInput(path: file)) { try check(file) }
        #expect(symlink("x", "\(folder.path)/link") == 0)
        #expect(throws: PublishingError.outputIsInput(path: "\(folder.path)/link")) { try check("\(folder.path)/link") }
        #expect(link(file, "\(folder.path)/m.minisig") == 0)
        #expect(throws: PublishingError.outputIsInput(path: "\(folder.path)/m.minisig")) {
            try check("\(folder.path)/m")
        }
        let foreign = try folder.write(Array("my thesis".utf8), "thesis")
        #expect(throws: PublishingError.outputNotOurs(path: foreign)) { try check(foreign) }
        // No file at all, in a directory that whoever runs the tests may write.
        let fifo = "\(folder.path)/fifo"
        #expect(mkfifo(fifo, 0o600) == 0)
        #expect(throws: PublishingError.outputNotOurs(path: fifo)) { try check(fifo) }

        let now = UTCTime(secondsSince1970: 1)
        let manifest = try await ManifestRecipe().manifest(of: input, now: now)
        try SignedBytes(manifest, signedWith: .generate(), fileName: "old", now: now).write(
            to: "\(folder.path)/old"
        )
        try check("\(folder.path)/old")
        try check(folder.write([], "empty"))
    }

    @Test func onlyCertificatesArePublished() {
        let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        let key = "-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n"
        #expect(CertificateText.certificates(in: "text\n" + key + certificate + key) == certificate)
        #expect(CertificateText.certificates(in: certificate + certificate) == certificate + certificate)
        #expect(CertificateText.certificates(in: certificate.replacing("\n", with: "\r\n")) == certificate)
        #expect(CertificateText.certificates(in: key) == nil)
        #expect(CertificateText.certificates(in: "-----BEGIN CERTIFICATE-----\n" + key) == nil)
    }
}
