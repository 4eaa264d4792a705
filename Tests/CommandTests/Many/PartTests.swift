import TestSupport
import Testing

@Suite("Some files of a folder")
struct PartTests {
    private let scene: Scene
    private let manifest: String
    private let worker: Worker

    init() async throws {
        scene = try await Scene()
        let root = scene.path("published")
        for (number, name) in ["a.txt", "b.iso", "docs/c.txt", "docs/d.iso", "lib/deep/e.so"].enumerated() {
            try Files.write(noise(70_000, seed: UInt64(number)), to: root + "/set/" + name)
        }
        manifest = try await scene.sign(root + "/set", ["--chunk-size", "64KiB"])
        worker = try await scene.worker(root: root)
    }

    private func get(_ options: String...) async throws -> GetResult {
        try await scene.get(manifest, to: scene.path("copy"), from: [worker.url], options)
    }

    private func files() async throws -> [String] {
        let found = try await scene.must(
            .system("find"),
            [scene.path("copy"), "-type", "f", "-printf", "%P\n"],
            by: .reader
        )
        return found.text.split(separator: "\n").map(String.init).sorted()
    }

    @Test func `Only what matches comes, and what comes later is added`() async throws {
        let first = try await get("--only", "*.txt")
        #expect(try first.done().chunks.total == 4)
        #expect(try await files() == ["a.txt", "docs/c.txt"])
        // Nothing that is right already has to be forced away.
        let second = try await get("--only", "docs", "--except", "c.txt")
        #expect(try second.done().chunks.fetched == 2)
        #expect(try await files() == ["a.txt", "docs/c.txt", "docs/d.iso"])
        _ = try await get("--except", "/b.iso").done()
        #expect(try await files() == ["a.txt", "docs/c.txt", "docs/d.iso", "lib/deep/e.so"])
        _ = try await get().failed(73)
        _ = try await get("--only", "**").done()
        #expect(try await files().count == 5)
        _ = try await get().done()
    }

    @Test func `A single file of a folder comes as a folder; from a mirror too`() async throws {
        let mirror = try await Mirror.start(root: scene.path("published/set"), in: scene)
        let result = try await scene.get(
            manifest,
            to: scene.path("copy"),
            from: [],
            ["--only", "/a.txt", "--mirror", mirror.url]
        )
        _ = try result.done()
        #expect(try await files() == ["a.txt"])
    }

    @Test func `A file that was changed is not replaced without --force, nor one that nobody lists`() async throws {
        _ = try await get("--only", "a.txt").done()
        try Files.patch(scene.path("copy/a.txt"), at: 5, with: [7, 7, 7])
        try await get("--only", "b.iso").failed(73, saying: "is not what")
        _ = try await get("--only", "b.iso", "--force").done()
        #expect(try await files() == ["a.txt", "b.iso"])
        #expect(try Files.hold(scene.path("copy/a.txt"), noise(70_000, seed: 0)))
        try Files.write([1], to: scene.path("copy/mine"))
        try await get("--only", "d.iso", "--force").failed(73, saying: "mine")
    }

    @Test func `Patterns that are of no use are errors`() async throws {
        try await get("--only", "*.zip").failed(64, saying: "no file matches --only *.zip")
        try await get("--except", "*.zip").failed(64, saying: "--except *.zip")
        try await get("--except", "**").failed(64, saying: "leaves no file")
        try await get("--only", "[a").failed(64)
    }

    @Test func `verify and list know them too`() async throws {
        _ = try await get("--only", "docs/**").done()
        let key = ["--publisher-key", try await scene.publisherKey()]
        let verify = ["verify", manifest, scene.path("copy")] + key
        try await scene.must(.secure, verify + ["--only", "docs/**"], by: .reader)
        try await scene.run(.secure, verify, by: .reader).failed(65, saying: "a.txt is missing")
        let list = try await scene.must(.secure, ["list", manifest, "--except", "*.iso", "-q"] + key, by: .reader)
        #expect(list.text == " 68.4 KiB   a.txt\n 68.4 KiB   docs/c.txt\n 68.4 KiB   lib/deep/e.so\n")
        let objects = try await scene.must(.secure, ["list", manifest, "--only", "a.*", "--json"] + key, by: .reader)
        #expect(
            objects.text.hasSuffix(
                #"{"event":"file","path":"a.txt","bytes":70000,"executable":false,"sha256":null}"# + "\n"
            )
        )
    }
}
