import TestSupport
import Testing

@Suite("get --update")
struct UpdateTests {
    private let scene: Scene
    private let source: String

    init() async throws {
        scene = try await Scene()
        source = scene.path("published/set")
    }

    private func sign(_ files: [String: UInt64], version: Int) async throws -> String {
        _ = try? await scene.must(.system("rm"), ["-rf", source], by: .publisher)
        for (name, seed) in files { try Files.write(noise(50_000, seed: seed), to: source + "/" + name) }
        return try await scene.sign(source, ["--version", "\(version)"])
    }

    private func update(_ manifest: String, _ worker: Worker, _ options: String...) async throws -> Ended {
        let arguments = ["get", manifest, "-o", scene.path("copy"), "--update", "--server", worker.url]
        return try await scene.run(.secure, arguments + scene.acceptance() + options, by: .reader)
    }

    @Test func `Nothing newer is silence; a newer version replaces what the earlier one wrote`() async throws {
        let manifest = try await sign(["a": 1, "b": 2], version: 1)
        let worker = try await scene.worker(root: scene.path("published"))
        let first = try await update(manifest, worker).succeeded()
        #expect(first.errors.contains("verified in"))
        for _ in 0..<2 {
            let nothing = try await update(manifest, worker).succeeded()
            #expect(nothing.errors.isEmpty && nothing.output.isEmpty, "\(nothing.errors)")
        }
        let told = try await update(manifest, worker, "--json").succeeded()
        #expect(told.text.hasPrefix(#"{"event":"current","path":"#) && told.text.count(of: "\n") == 1)
        // b goes, a changes, c comes.
        let second = try await sign(["a": 3, "c": 4], version: 2)
        try await scene.until(worker, serves: "set.json", asIn: second)
        try await update(second, worker).succeeded()
        #expect(try Files.list(scene.path("copy")).sorted() == ["a", "c"])
        #expect(try Files.hold(scene.path("copy/a"), noise(50_000, seed: 3)))
        let key = try await scene.publisherKey()
        let verify = ["verify", scene.path("copy.manifest.json"), scene.path("copy"), "--publisher-key", key]
        try await scene.must(.secure, verify, by: .reader)
        // An output that is gone comes again.
        try await scene.must(.system("rm"), ["-rf", scene.path("copy")], by: .reader)
        try await update(second, worker).succeeded()
        #expect(try Files.list(scene.path("copy")).sorted() == ["a", "c"])
    }

    @Test func `What was changed or added since is not replaced`() async throws {
        let manifest = try await sign(["a": 1], version: 1)
        let worker = try await scene.worker(root: scene.path("published"))
        try await update(manifest, worker).succeeded()
        let second = try await sign(["a": 2, "b": 3], version: 2)
        try await scene.until(worker, serves: "set.json", asIn: second)
        let copy = scene.path("copy")
        let file = try Files.mode(copy) & 0o40000 != 0 ? copy + "/a" : copy
        let right = try Files.read(file)
        try Files.patch(file, at: 9, with: [right[9] ^ 1])
        try await update(second, worker).failed(73, saying: "is not what version 1 wrote")
        #expect(try Files.read(file)[9] == right[9] ^ 1)
    }

    @Test func `An output of which nobody knows who wrote it is not replaced`() async throws {
        let manifest = try await sign(["a": 1, "b": 2], version: 1)
        let worker = try await scene.worker(root: scene.path("published"))
        try Files.write([1, 2, 3], to: scene.path("copy/a"))
        try await update(manifest, worker).failed(73, saying: "exists")
        #expect(try Files.read(scene.path("copy/a")) == [1, 2, 3])
    }
}
