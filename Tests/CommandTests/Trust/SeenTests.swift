import FDLCore
import FDLCrypto
import TestSupport
import Testing

@Suite("What a reader has seen")
struct SeenTests {
    private let scene: Scene
    private let file: String
    private var manifest: String { file + ".manifest.json" }

    init() async throws {
        scene = try await Scene()
        file = scene.path("published/tool.bin")
        try Files.write(noise(1_000), to: file)
    }

    private func sign(_ version: String, ahead: Bool = false) async throws {
        // The publisher has lost what was signed before.
        try? Files.remove(manifest)
        _ = try await scene.sign(file, ["--version", version, "--name", "tool"] + (ahead ? ["--ahead"] : []))
    }

    private func verify(_ path: String? = nil) async throws -> Ended {
        let options = ["--publisher-key", try await scene.publisherKey()]
        return try await scene.run(.secure, ["verify", manifest, path ?? file] + options, by: .reader)
    }

    private func forget(_ name: String = "tool") async throws -> Ended {
        try await scene.run(.secure, ["trust", "forget", name], by: .reader)
    }

    @Test func `Readers who are locked out by the highest version are told, and there is a way back`() async throws {
        let highest = Manifest.allowedVersions.upperBound
        try await sign("\(highest)", ahead: true)
        _ = try await verify().succeeded()
        try await sign("7")
        let refused = try await verify().failed([65], saying: ["version 7, older than version \(highest)"])
        #expect(refused.hint.contains("no version is higher") && refused.hint.contains("trust forget tool"))
        #expect(try await forget().succeeded().text.contains("forgot tool"))
        _ = try await verify().succeeded()
        try await forget("nothing").failed(64, saying: "nothing was seen of nothing")
        try await forget("a/b").failed(64, saying: "a/b")
    }

    @Test func `Two manifests of one version: the second is refused, with both digests`() async throws {
        try await sign("7")
        _ = try await verify().succeeded()
        let first = try SHA256Digest(hashing: Files.read(manifest))
        try Files.write(noise(1_000, seed: 2), to: file)
        try await sign("7")
        let second = try SHA256Digest(hashing: Files.read(manifest))
        try await verify().failed(65, saying: "two manifests of version 7", first.hex, second.hex)
        _ = try await forget().succeeded()
        _ = try await verify().succeeded()
    }

    @Test func `What was only looked at is not seen`() async throws {
        try await sign("8")
        let other = scene.path("other")
        try Files.write(noise(1_000, seed: 3), to: other)
        // It does not match, and none of its chunks was asked for.
        try await verify(other).failed(65, saying: "is not what the manifest describes")
        let options = ["--publisher-key", try await scene.publisherKey()]
        let get = ["get", manifest, "-o", other, "--server", "https://127.0.0.1:1/"] + options
        try await scene.run(.secure, get, by: .reader).failed(73, saying: "exists")
        _ = try await scene.run(.sign, ["verify", manifest] + options, by: .reader).succeeded()
        try await sign("7")
        _ = try await verify().succeeded()
    }

    @Test func `What a get has asked for is seen, though nobody gave it`() async throws {
        try await sign("8")
        let options = try await scene.acceptance() + ["--server", "https://127.0.0.1:1/", "-o", scene.path("copy")]
        try await scene.run(.secure, ["get", manifest] + options, by: .reader).failed([69], saying: [])
        try await sign("7")
        try await verify().failed(65, saying: "older than version 8")
    }

    @Test func `A note that is damaged is named for what it is`() async throws {
        try await sign("7")
        _ = try await verify().succeeded()
        let seen = scene.home(of: .reader) + "/state/fdl/seen"
        let publisher = try #require(try Files.list(seen).first { !$0.hasPrefix(".") })
        let path = "\(seen)/\(publisher)/tool"
        for text in ["", "nonsense\n", "7\n"] {
            try Files.write(Array(text.utf8), to: path)
            let ended = try await verify().failed([78], saying: ["note of what was seen of tool is damaged", path])
            #expect(ended.hint.contains("trust forget tool"))
        }
        _ = try await forget().succeeded()
        _ = try await verify().succeeded()
    }

    @Test(.fakesTheClock)
    func `A manifest from the future is refused: one of the clocks is wrong`() async throws {
        try await sign("7")
        let options = ["--publisher-key", try await scene.publisherKey()]
        let command = ["-f", "-2d", Program.secure.path, "verify", manifest, file] + options
        let ended = try await scene.run(.system("faketime"), command, by: .reader).failed([65], saying: ["clock says"])
        #expect(ended.hint.contains("clock"))
    }
}
