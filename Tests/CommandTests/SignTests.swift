import FDLCore
import FoundationEssentials
import TestSupport
import Testing

@Suite("fdl-sign")
struct SignTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    private func sign(_ arguments: String...) async throws -> Ended {
        try await scene.run(.sign, arguments, by: .publisher)
    }

    @Test func `A key is PKCS 8 that openssl reads, its owner's alone, and never overwritten`() async throws {
        let prefix = scene.path("mine")
        #expect(try await sign("keygen", "-o", prefix).code == 0)
        #expect(try Files.mode(prefix + ".key") == 0o600)
        let read = try await scene.must(.system("openssl"), ["pkey", "-in", prefix + ".key", "-text"], by: .publisher)
        #expect(read.text.contains("ED25519 Private-Key"))
        let before = try Files.read(prefix + ".key")
        try await sign("keygen", "-o", prefix).failed(73, saying: "mine.")
        #expect(try Files.read(prefix + ".key") == before)
    }

    @Test func `A file whose size is 0 though it has bytes is not signed as an empty one`() async throws {
        try await sign("manifest", "/proc/version", "-o", scene.path("version.manifest.json"))
            .failed(74, saying: "/proc/version has bytes")
        #expect(!Files.exists(scene.path("version.manifest.json")))
    }

    @Test func `A passphrase encrypts the key, and signing asks for it`() async throws {
        let prefix = scene.path("mine")
        let passphrase = scene.path("passphrase")
        try Files.write(Array("correct horse\n".utf8), to: passphrase)
        #expect(try await sign("keygen", "-o", prefix, "--passphrase-file", passphrase).code == 0)
        let key = String(decoding: try Files.read(prefix + ".key"), as: UTF8.self)
        #expect(key.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
        let command = ["pkey", "-in", prefix + ".key", "-noout", "-passin"]
        let right = try await scene.run(.system("openssl"), command + ["file:" + passphrase], by: .publisher)
        #expect(right.code == 0)
        let wrong = try await scene.run(.system("openssl"), command + ["pass:wrong"], by: .publisher)
        #expect(wrong.code != 0)
    }

    @Test func `With no key yet, the first manifest makes one and says which to hand to readers`() async throws {
        try Files.write(noise(100_000), to: scene.path("input.bin"))
        let first = try await sign("manifest", scene.path("input.bin"))
        #expect(first.code == 0, "\(first.errors)")
        let keys = try Files.list(scene.home(of: .publisher) + "/config/fdl").filter { $0.hasSuffix(".pub") }
        let key = try #require(keys.first)
        #expect((first.text + first.errors).contains(key))
        #expect(Files.exists(scene.path("input.bin.manifest.json")))
        #expect(Files.exists(scene.path("input.bin.manifest.json.minisig")))
        let verified = try await sign("verify", scene.path("input.bin.manifest.json"))
        #expect(verified.code == 0, "\(verified.errors)")
        #expect(verified.text.contains("input.bin"))
    }

    @Test func `The digests of a manifest are those that sha256sum finds`() async throws {
        let size = 3 * 65_536 + 17
        let published = try await scene.publish(noise(size), chunkSize: 65_536)
        let pieces = scene.path("pieces")
        try Files.makeDirectory(pieces)
        let script = "split -b 65536 \"$0\" \"$1/\" && cd \"$1\" && sha256sum *"
        let sums = try await scene.must(.system("sh"), ["-c", script, published.file, pieces], by: .publisher)
        let expected = sums.text.split(separator: "\n").map { String($0.prefix(64)) }
        #expect(expected.count == 4)
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        #expect(tree.digests == expected)
    }

    @Test func `A manifest says what docs/formats.md says`() async throws {
        let published = try await scene.publish(
            noise(100),
            as: "a file.bin",
            [
                "--source", "https://a.example:8443/", "--mirror", "https://b.example/pub/", "--version", "7",
                "--expires", "90d",
            ]
        )
        let text = String(decoding: try Files.read(published.manifest), as: UTF8.self).filter { !$0.isWhitespace }
        for part in [
            #""format":"fdl-manifest-v1""#, #""name":"a-file.bin""#, #""version":7"#, #""hash":"sha256""#,
            #""chunkSize":1048576"#, #""path":"afile.bin""#, #""size":100"#, #""kind":"worker""#,
            #""url":"https://a.example:8443/""#, #""kind":"mirror""#, #""expires":""#, #""executable":false"#,
        ] {
            #expect(text.replacing("\\/", with: "/").contains(part), "no \(part) in \(text)")
        }
    }

    @Test func `A manifest appears whole or not at all`() async throws {
        try Files.write(noise(100), to: scene.path("input.bin"))
        let key = try await scene.publisherKey().replacingSuffix(".pub", with: ".key")
        let nowhere = try await sign(
            "manifest",
            scene.path("input.bin"),
            "--key",
            key,
            "-o",
            scene.path("none/such.json")
        )
        try nowhere.failed(73, saying: "none")
        #expect(!Files.exists(scene.path("none")))
        let missing = try await sign("manifest", scene.path("absent.bin"), "--key", key)
        try missing.failed(64, saying: "absent.bin")
        #expect(!Files.exists(scene.path("absent.bin.manifest.json")))
    }

    @Test func `A manifest never replaces what it is of, nor any file of a folder`() async throws {
        let tree = scene.path("tree")
        try Files.makeDirectory(tree)
        for name in ["a.bin", "b.bin"] { try Files.write(Array(name.utf8), to: "\(tree)/\(name)") }
        let (a, b) = ("\(tree)/a.bin", "\(tree)/b.bin")
        try await sign("manifest", a, "-o", a).failed(73, saying: "a.bin")
        try await sign("manifest", tree, "-o", b).failed(73, saying: "b.bin")
        #expect(try Files.read(a) == Array("a.bin".utf8))
        #expect(try Files.read(b) == Array("b.bin".utf8))
    }

    @Test func `A public key without its secret key is not replaced by a new identity`() async throws {
        #expect(try await sign("keygen").code == 0)
        let key = scene.home(of: .publisher) + "/config/fdl/publisher.pub"
        let before = try Files.read(key)
        try Files.remove(key.replacingSuffix(".pub", with: ".key"))
        try Files.write(noise(100), to: scene.path("input.bin"))
        try await sign("manifest", scene.path("input.bin")).failed(78, saying: "without its secret key")
        #expect(try Files.read(key) == before)
        #expect(!Files.exists(scene.path("input.bin.manifest.json")))
    }

    @Test func `A name that holds a version is pointed out`() async throws {
        let key = try await scene.publisherKey().replacingSuffix(".pub", with: ".key")
        let input = scene.path("app-1.0.iso")
        try Files.write(noise(100), to: input)
        let noted = try await sign("manifest", input, "--key", key)
        #expect(noted.code == 0 && noted.errors.contains("--name app.iso"), "\(noted.errors)")
        #expect(try await sign("manifest", input, "--key", key, "--name", "app").errors == "")
    }

    @Test func `A key that is none is refused`() async throws {
        try Files.write(noise(100), to: scene.path("input.bin"))
        try Files.write(Array("no key\n".utf8), to: scene.path("bad.key"))
        let ended = try await sign("manifest", scene.path("input.bin"), "--key", scene.path("bad.key"))
        try ended.failed(78, saying: "bad.key")
        #expect(!Files.exists(scene.path("input.bin.manifest.json")))
    }

    @Test(arguments: ["64kib", "64KiB", "64K", "65536", "0.0625m"])
    func `A chunk size is written as every size is`(size: String) async throws {
        let file = scene.path("published/data.bin")
        try Files.write(noise(100), to: file)
        let manifest = try await scene.sign(file, ["--chunk-size", size])
        #expect(String(decoding: try Files.read(manifest), as: UTF8.self).contains("\"chunkSize\": 65536"))
    }
}
