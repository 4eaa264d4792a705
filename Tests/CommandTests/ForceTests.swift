import TestSupport
import Testing

@Suite("get over what is there")
struct ForceTests {
    private let scene: Scene
    private let published: Published
    private let worker: Worker
    private let output: String

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(2_000_000), chunkSize: 65_536)
        worker = try await scene.worker(root: published.root)
        output = scene.path("copy")
        try Files.write(published.bytes, to: output)
        for chunk in [0, 7, published.chunkCount - 1] {
            let offset = chunk * published.chunkSize + 5
            try Files.patch(output, at: offset, with: [~published.bytes[offset]])
        }
    }

    @Test func `A copy with three damaged chunks: refused untouched, and the hint names --force`() async throws {
        let before = try (Files.read(output), Files.inode(output))
        let failed = try await scene.get(published.manifest, to: output, from: [worker.url]).failed(73, saying: "copy")
        #expect(failed.hint?.contains("--force") == true)
        #expect(try Files.read(output) == before.0)
        #expect(try Files.inode(output) == before.1)
        #expect(!Files.exists(output + ".fdl-part"))
    }

    @Test func `With --force the good chunks are taken from it, three are fetched, one rename replaces it`()
        async throws
    {
        let before = try Files.inode(output)
        let done = try await scene.get(published.manifest, to: output, from: [worker.url], ["--force"]).done()
        #expect(done.chunks.fetched == 3)
        #expect(done.chunks.reused == published.chunkCount - 3)
        #expect(try Files.hold(output, published.bytes))
        #expect(try Files.inode(output) != before)
        #expect(!Files.exists(output + ".fdl-part"))
    }
}
