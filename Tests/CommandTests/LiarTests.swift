import TestSupport
import Testing

@Suite("Workers lie")
struct LiarTests {
    private let scene: Scene
    private let published: Published
    /// A directory with the same manifest and a file of the same size, every byte of which is wrong.
    private let lies: String
    /// So that each source is asked.
    private let slowly = ["--limit-rate", "16M"]

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(32 << 20))
        lies = scene.path("lies")
        try Files.write(noise(32 << 20, seed: 2), to: lies + "/data.bin")
        for suffix in ["", ".minisig"] {
            try Files.copy(published.manifest + suffix, to: lies + "/data.bin.manifest.json" + suffix)
        }
    }

    @Test func `One of three: the download completes, the liar is named, nothing wrong is ever on disk`() async throws {
        let workers = try await scene.workers(2, root: published.root)
        let liar = try await scene.worker(root: lies)
        var honest: [Relay] = []
        for worker in workers { honest.append(try await Relay.start(to: worker.port, freezesAfter: 10 << 20)) }
        let output = scene.path("copy")
        let get = try await scene.startGet(published.manifest, to: output, from: honest.map(\.url) + [liar.url], slowly)
        try await get.writes(4 << 20)
        #expect(get.isRunning)
        #expect(try published.holdsNothingWrong(output + ".fdl-part"))
        for path in honest { path.thaw() }
        while get.isRunning {
            // Gone under this name once it is done.
            let isRight = try? published.holdsNothingWrong(output + ".fdl-part")
            #expect(isRight != false, "wrong bytes were on disk")
            try await Task.sleep(for: .milliseconds(10))
        }
        let result = try GetResult(await get.wait())
        let done = try result.done()
        #expect(try Files.hold(output, published.bytes))
        let source = try done.source(liar.url)
        #expect(source.corrupt > 0)
        #expect(source.chunks == 0)
        for path in honest { #expect(try done.source(path.url).corrupt == 0) }
    }

    @Test func `The liar and its count are named to a person too`() async throws {
        let honest = try await scene.worker(root: published.root)
        let liar = try await scene.worker(root: lies)
        let arguments = try await ["get", published.manifest, "-o", scene.path("copy")] + scene.acceptance()
        let sources = ["--server", honest.url, "--server", liar.url]
        let ended = try await scene.run(.secure, arguments + sources + slowly, by: .reader)
        #expect(ended.code == 0, "\(ended.errors)")
        let named = (ended.text + ended.errors).split(separator: "\n").filter { $0.contains("127.0.0.1:\(liar.port)") }
        #expect(named.contains { $0.contains("wrong") || $0.contains("corrupt") }, "\(ended.text)\(ended.errors)")
    }

    @Test func `All three: refused in finite time, no file under the final name, what was right is kept`() async throws
    {
        let output = scene.path("copy")
        let honest = try await scene.worker(root: published.root)
        let half = try await Relay.start(to: honest.port, freezesAfter: 16 << 20)
        let first = try await scene.startGet(published.manifest, to: output, from: [half.url])
        try await first.writes(8 << 20)
        _ = try await first.kill9()
        let kept = try published.rightChunks(in: output + ".fdl-part")
        #expect(!kept.isEmpty)

        let liars = try await scene.workers(3, root: lies)
        let refused = try await scene.get(published.manifest, to: output, from: liars.map(\.url))
        try refused.failed(65, 69)
        #expect(!Files.exists(output))
        #expect(try published.rightChunks(in: output + ".fdl-part") == kept)
        #expect(try published.holdsNothingWrong(output + ".fdl-part"))

        let done = try await scene.get(published.manifest, to: output, from: [honest.url]).done()
        #expect(done.chunks.reused == kept.count)
        #expect(try Files.hold(output, published.bytes))
    }
}
