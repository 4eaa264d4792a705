import FDLCore
import TestSupport
import Testing

@Suite("Several signatures")
struct SeveralSignaturesTests {
    private let scene: Scene
    private let publisher: Publisher

    init() async throws {
        scene = try await Scene()
        publisher = try Publisher(scene)
    }

    private func further(_ manifest: String, _ name: String) async throws -> String {
        "\(manifest).\(try await publisher.id(name)).minisig"
    }

    @Test func `Two keys sign at once, a third on another machine, and the real minisign verifies each`() async throws {
        let manifest = try await publisher.publish(noise(1_000), keys: ["a", "b"])
        let cosigned = try await publisher.sign(["cosign", manifest] + publisher.keys(["c"])).succeeded()
        #expect(cosigned.text.contains("tool version") && cosigned.text.contains("1000 bytes"))
        let signatures = try await [
            ("a", manifest + ".minisig"), ("b", further(manifest, "b")), ("c", further(manifest, "c")),
        ]
        for (name, signature) in signatures {
            let check = ["-Vm", manifest, "-x", signature, "-p", try await publisher.pub(name)]
            let verified = try await scene.run(.system("minisign"), check, by: .stranger)
            #expect(verified.code == 0 && verified.text.contains("file:tool.bin.manifest.json"), "\(verified.errors)")
            let wrong = ["-Vm", manifest, "-x", signature, "-p", try await publisher.pub("d")]
            #expect(try await scene.run(.system("minisign"), wrong, by: .stranger).code != 0)
            // A reader who knows but one of the keys finds its signature.
            let options = ["--publisher-key", try await publisher.pub(name)]
            _ = try await publisher.verify(manifest, options).succeeded()
        }
        let all = try await publisher.sign(
            ["verify", manifest] + ["a", "b", "c"].asyncFlatMap { ["--publisher-key", try await publisher.pub($0)] }
        ).succeeded()
        #expect(all.text.split(separator: "\n").count { $0.hasPrefix("signature") } == 3, "\(all.text)")
        let again = try await publisher.sign(["cosign", manifest] + publisher.keys(["a"])).succeeded()
        #expect(again.text.contains("signed by \(try await publisher.id("a")) already"))
    }

    @Test func `A worker serves the further signatures, and a reader finds the one of its key`() async throws {
        let manifest = try await publisher.publish(noise(1_000), keys: ["a", "b"])
        let worker = try await scene.worker(root: publisher.root)
        for name in ["a", "b"] {
            _ = try await publisher.get(worker.url, ["--publisher-key", try await publisher.pub(name)]).succeeded()
        }
        let id = try await publisher.id("b")
        let address = worker.url + "manifests/tool.json.\(id).minisig"
        let curl = ["-sS", "--cacert", scene.certificates.authority, address]
        #expect(try await scene.run(.system("curl"), curl, by: .stranger).output == Files.read(further(manifest, "b")))
        try await publisher.get(worker.url, ["--publisher-key", try await publisher.pub("c")])
            .failed(65, saying: "none of those named")
    }

    @Test func `What is kept beside an output has the signature of the reader's key, though it is not the first`()
        async throws
    {
        try await publisher.publish(noise(1_000), keys: ["a", "b"])
        let worker = try await scene.worker(root: publisher.root)
        let copy = scene.path("copy")
        let key = ["--publisher-key", try await publisher.pub("b")]
        let get = ["get", worker.url + "manifests/tool.json", "-o", copy, "--keep-manifest"] + key
        try await scene.must(.secure, get + ["--cacert", scene.certificates.authority], by: .reader)
        _ = try await publisher.verify(copy + ".manifest.json", key).succeeded()
    }

    @Test func `Signing again with other keys leaves no signature of before`() async throws {
        let manifest = try await publisher.publish(noise(1_000), keys: ["a", "b"])
        try await publisher.publish(noise(1_000, seed: 2), keys: ["b", "c"])
        let names = try Files.list(publisher.root).filter { $0.hasSuffix(".minisig") }
        let file = try #require(manifest.split(separator: "/").last)
        #expect(try await Set(names) == ["\(file).minisig", "\(file).\(publisher.id("c")).minisig"])
    }

    @Test func `Keys that cannot sign are told before anything is hashed or written`() async throws {
        let file = publisher.root + "/tool.bin"
        try Files.write(noise(1_000), to: file)
        let key = try await publisher.key("a")
        try await publisher.sign(["manifest", file, "--key", key, "--key", key]).failed(64, saying: "same key")
        try await publisher.sign(["manifest", file, "--key", key, "--key", file]).failed(78, saying: "tool.bin")
        try await publisher.sign(["cosign", file, "--key", key]).failed(65, saying: "not")
        try await publisher.sign(["cosign", file + ".manifest.json", "--key", key]).failed(64, saying: "manifest.json")
        #expect(try Files.list(publisher.root) == ["tool.bin"])
    }

    @Test func `Each key has its passphrase`() async throws {
        let file = publisher.root + "/tool.bin"
        try Files.write(noise(1_000), to: file)
        var options: [String] = []
        for name in ["x", "y"] {
            let passphrase = scene.path("passphrase-\(name)")
            try Files.write(Array("secret of \(name)\n".utf8), to: passphrase)
            let prefix = scene.path(name)
            try await scene.must(.sign, ["keygen", "-o", prefix, "--passphrase-file", passphrase], by: .publisher)
            options += ["--key", prefix + ".key", "--passphrase-file", passphrase]
        }
        _ = try await publisher.sign(["manifest", file] + options).succeeded()
        try await publisher.sign(["manifest", file] + options.prefix(6)).failed(78, saying: "passphrase")
    }

    @Test func `A cosigner does not sign what is not what its first signer signed`() async throws {
        let manifest = try await publisher.publish(noise(1_000))
        let known = ["trust", "add", try await publisher.pub("a")]
        try await scene.must(.secure, known, by: .publisher)
        let text = String(decoding: try Files.read(manifest), as: UTF8.self)
        try Files.write(Array(text.replacing("\"version\": 1", with: "\"version\": 2").utf8), to: manifest)
        try await publisher.sign(["cosign", manifest] + publisher.keys(["b"])).failed(65, saying: "does not match")
    }
}

extension Array {
    fileprivate func asyncFlatMap<Other>(_ transform: (Element) async throws -> [Other]) async rethrows -> [Other] {
        var all: [Other] = []
        for element in self { all += try await transform(element) }
        return all
    }
}
