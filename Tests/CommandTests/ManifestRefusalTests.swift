import FoundationEssentials
import Testing
import TestSupport

@Suite("Manifests that are refused")
struct ManifestRefusalTests {
    private let scene: Scene
    /// Where the reader's output would go.
    private let out: String
    /// A source that counts who comes.
    private let source: FaultServer

    init() async throws {
        scene = try await Scene()
        out = scene.path("out")
        try Files.makeDirectory(out)
        source = try await FaultServer.start(certificate: scene.certificates.server) { _, reply in
            try await reply.send(status: "404 Not Found", body: [])
        }
    }

    /// Signs any bytes as a manifest, with the real minisign, whose secret key is made on the first call.
    private func signed(_ text: String) async throws -> String {
        let (key, secret, manifest) = (scene.path("any.pub"), scene.path("any.key"), scene.path("any.json"))
        if !Files.exists(key) {
            try await scene.must(.system("minisign"), ["-G", "-W", "-p", key, "-s", secret], by: .publisher)
        }
        try Files.write(Array(text.utf8), to: manifest)
        try await scene.must(.system("minisign"), ["-Sm", manifest, "-s", secret], by: .publisher)
        return manifest
    }

    /// Expects that `get` refuses the manifest, calls nobody and leaves nothing.
    private func expectRefused(
        _ manifest: String,
        key: String,
        code: Int32 = 65,
        saying parts: [String] = [],
        _ comment: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let arguments = ["get", manifest, "-o", out + "/copy", "--publisher-key", key, "--server", source.url]
        let options = ["--cacert", scene.certificates.authority]
        let ended = try await scene.run(.secure, arguments + options, by: .reader)
        #expect(ended.code == code, "\(comment): \(ended.errors)", sourceLocation: sourceLocation)
        try ended.failed([code], saying: parts, sourceLocation: sourceLocation)
        #expect(source.connections == 0, "\(comment): a source was called", sourceLocation: sourceLocation)
        #expect(try Files.list(out) == [], "\(comment): something is left", sourceLocation: sourceLocation)
    }

    // MARK: Signatures

    @Test func `Any bit of the manifest flipped`() async throws {
        let published = try await scene.publish(noise(10_000), as: "data.bin", chunkSize: 65_536)
        let key = try await scene.publisherKey()
        let right = try Files.read(published.manifest)
        var generator = SeededGenerator(seed: 21)
        for _ in 0..<40 {
            let bit = Int.random(in: 0..<(right.count * 8), using: &generator)
            try Files.write(right, to: published.manifest)
            try Files.patch(published.manifest, at: bit / 8, with: [right[bit / 8] ^ (1 << (bit % 8))])
            try await expectRefused(published.manifest, key: key, "bit \(bit)")
        }
    }

    @Test func `Any bit of the signature or of what it vouches for flipped`() async throws {
        let published = try await scene.publish(noise(10_000), as: "data.bin", chunkSize: 65_536)
        let key = try await scene.publisherKey()
        let right = try Files.read(published.manifest + ".minisig")
        // The first line is a comment that nothing vouches for, and says so.
        let start = try #require(right.firstIndex(of: 10)) + 1
        var generator = SeededGenerator(seed: 22)
        for _ in 0..<60 {
            let bit = Int.random(in: (start * 8)..<((right.count - 1) * 8), using: &generator)
            try Files.write(right, to: published.manifest + ".minisig")
            try Files.patch(published.manifest + ".minisig", at: bit / 8, with: [right[bit / 8] ^ (1 << (bit % 8))])
            try await expectRefused(published.manifest, key: key, "bit \(bit)")
        }
    }

    @Test func `A signature that is missing, truncated, or of another file`() async throws {
        let published = try await scene.publish(noise(10_000))
        let key = try await scene.publisherKey()
        let signature = published.manifest + ".minisig"
        let right = try Files.read(signature)
        for length in [0, 1, right.count / 4, right.count / 2, right.count - 10] {
            try Files.write(Array(right.prefix(length)), to: signature)
            try await expectRefused(published.manifest, key: key, "\(length) bytes")
        }
        let other = try await scene.publish(noise(20_000), as: "other.bin")
        try Files.copy(other.manifest + ".minisig", to: signature)
        try await expectRefused(published.manifest, key: key)
        try Files.remove(signature)
        try await expectRefused(published.manifest, key: key, saying: ["signature"])
    }

    @Test func `A key nobody trusts`() async throws {
        let published = try await scene.publish(noise(10_000))
        let stranger = try await scene.publisherKey("stranger", by: .stranger)
        try await expectRefused(published.manifest, key: stranger, saying: ["key"])
    }

    // MARK: Contents

    private static let digest = String(repeating: "ab", count: 32)

    /// A manifest that would be accepted, with parts replaced.
    private static func manifest(_ replacements: [String: String] = [:], files: String? = nil) -> String {
        var fields = [
            "format": "\"fdl-manifest-v1\"", "name": "\"data\"", "version": "5", "created": "\"2026-11-22T10:00:00Z\"",
            "hash": "\"sha256\"", "chunkSize": "65536",
            "files": files ?? file(),
        ]
        fields.merge(replacements) { $1 }
        return "{" + fields.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}"
    }

    private static func file(_ path: String = "data", size: String = "10", chunks: [String] = [digest]) -> String {
        "[" + entry(path, size: size, chunks: chunks) + "]"
    }

    private static func entry(_ path: String, size: String = "10", chunks: [String] = [digest]) -> String {
        let list = chunks.map { "\"\($0)\"" }.joined(separator: ",")
        return "{\"path\": \"\(path)\", \"size\": \(size), \"executable\": false, \"chunks\": [\(list)]}"
    }

    private static func paths(_ paths: String...) -> String {
        manifest(files: "[" + paths.map { entry($0) }.joined(separator: ",") + "]")
    }

    private static func source(_ url: String) -> String {
        manifest(["sources": "[{\"kind\": \"worker\", \"url\": \"\(url)\"}]"])
    }

    static let refusals: [(name: String, text: String)] = [
        ("another format", manifest(["format": "\"fdl-manifest-v2\""])),
        ("unknown hash", manifest(["hash": "\"md5\""])),
        ("sizes that overflow", manifest(files: file(size: "99999999999999999999"))),
        ("more chunks than the size has", manifest(files: file(chunks: [digest, digest]))),
        ("fewer chunks than the size has", manifest(files: file(size: "70000"))),
        ("negative size", manifest(files: file(size: "-1", chunks: []))),
        ("fractional size", manifest(files: file(size: "10.5"))),
        ("digest too short", manifest(files: file(chunks: [String(digest.dropLast())]))),
        ("digest in capitals", manifest(files: file(chunks: [digest.uppercased()]))),
        ("digest not hex", manifest(files: file(chunks: [String(digest.dropLast()) + "g"]))),
        ("absolute path", paths("/etc/passwd")),
        ("empty path", paths("")),
        ("empty part", paths("a//b")),
        ("parent", paths("a/../b")),
        ("parent alone", paths("..")),
        ("dot", paths("a/./b")),
        ("NUL", paths("a\\u0000b")),
        ("control character", paths("a\\u001bb")),
        ("backslash", paths("a\\\\b")),
        ("long part", paths(String(repeating: "x", count: 256))),
        ("two files of one path", paths("a", "a")),
        ("a path inside another", paths("a", "a/b")),
        ("our own suffix", paths("a.fdl-part")),
        ("no files", manifest(files: "[]")),
        ("chunk size no power of two", manifest(["chunkSize": "65537"])),
        ("chunk size too small", manifest(["chunkSize": "32768"])),
        ("chunk size too large", manifest(["chunkSize": "33554432"])),
        ("version 0", manifest(["version": "0"])),
        ("version too large", manifest(["version": "9007199254740992"])),
        ("name with a slash", manifest(["name": "\"a/b\""])),
        ("name ..", manifest(["name": "\"..\""])),
        ("source without TLS", source("http://a.example/")),
        ("source with user", source("https://user:secret@a.example/")),
        ("source with query", source("https://a.example/?q")),
        ("source with fragment", source("https://a.example/#f")),
        ("source that is none", source("https://")),
        ("field twice", manifest().replacing("\"hash\"", with: "\"hash\": \"sha256\", \"hash\"")),
        ("not JSON", "no manifest"),
        ("cut off", String(manifest().dropLast(5))),
        ("something after it", manifest() + "{}"),
        ("deeply nested", String(repeating: "[", count: 100_000)),
        ("empty", ""),
        (
            "expired",
            manifest(["created": "\"2020-01-01T00:00:00Z\"", "expires": "\"2020-01-02T00:00:00Z\""])
        ),
    ]

    @Test(arguments: refusals.map(\.name))
    func `Signed by a trusted key, and still refused`(name: String) async throws {
        let text = try #require(Self.refusals.first { $0.name == name }).text
        let manifest = try await signed(text)
        try await expectRefused(manifest, key: scene.path("any.pub"), name)
    }

    @Test func `The manifest that these are made from is accepted, so each is refused for its own fault`() async throws
    {
        let manifest = try await signed(Self.manifest())
        let arguments = ["get", manifest, "-o", out + "/copy", "--publisher-key", scene.path("any.pub")]
        let options = ["--server", source.url, "--cacert", scene.certificates.authority]
        _ = try await scene.run(.secure, arguments + options, by: .reader)
        #expect(source.connections > 0)
    }

    @Test func `Over 64 MiB, and over a million chunks`() async throws {
        let chunks = [String](repeating: Self.digest, count: 1 << 20 + 1)
        let many = try await signed(Self.manifest(files: Self.file(size: "\((1 << 20) * 65_536 + 1)", chunks: chunks)))
        try await expectRefused(many, key: scene.path("any.pub"))
        let large = try await signed(Self.manifest() + String(repeating: " ", count: 64 << 20))
        try await expectRefused(large, key: scene.path("any.pub"))
    }

    @Test func `Older than one seen before, unless the reader asks for it`() async throws {
        let root = scene.path("published")
        let bytes = noise(10_000)
        try Files.write(bytes, to: root + "/data.bin")
        let old = try await scene.sign(root + "/data.bin", ["--version", "5"], manifest: scene.path("old.json"))
        let new = try await scene.sign(
            root + "/data.bin",
            ["--version", "6"],
            manifest: root + "/data.bin.manifest.json"
        )
        let worker = try await scene.worker(root: root)
        _ = try await scene.get(new, to: scene.path("copy"), from: [worker.url]).done()
        try await expectRefused(old, key: scene.publisherKey(), saying: ["5", "6"])
        let allowed = try await scene.get(old, to: out + "/copy", from: [worker.url], ["--allow-older"])
        _ = try allowed.done()
    }

    @Test func `Unsigned only where the reader asks for it`() async throws {
        let published = try await scene.publish(noise(10_000))
        try Files.remove(published.manifest + ".minisig")
        let worker = try await scene.worker(root: published.root)
        let arguments = ["get", published.manifest, "-o", out + "/copy", "--cacert", scene.certificates.authority]
        let command = arguments + ["--server", worker.url]
        try await scene.run(.secure, command, by: .reader).failed(65, saying: "signature")
        #expect(try Files.list(out) == [])
        let allowed = try await scene.run(.secure, command + ["--allow-unsigned"], by: .reader)
        #expect(allowed.code == 0, "\(allowed.errors)")
    }

    @Test func `A manifest that is not there`() async throws {
        let key = try await scene.publisherKey()
        try await scene.run(.secure, ["get", scene.path("absent.json"), "--publisher-key", key], by: .reader)
            .failed([64, 65, 74, 78], saying: ["absent.json"])
    }
}
