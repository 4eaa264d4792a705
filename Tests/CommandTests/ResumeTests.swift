import Testing
import TestSupport

@Suite("get is killed")
struct ResumeTests {
    private let scene: Scene
    private let published: Published
    private let workers: [Worker]
    /// So that there is a midway to be killed in.
    private let slowly = ["--limit-rate", "24M"]
    /// So that it cannot be over before the kill comes, however busy the machine is.
    private let verySlowly = ["--limit-rate", "4M"]

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(32 << 20), chunkSize: 256 << 10)
        workers = try await scene.workers(3, root: published.root)
    }

    /// Runs `get` until it has written about that share of the whole, and kills it.
    /// - Returns: the chunks that the disk then holds.
    private func killedGet(to output: String, after share: Double, rate: [String]? = nil) async throws -> Set<Int> {
        let get = try await scene.startGet(published.manifest, to: output, from: workers.map(\.url), rate ?? slowly)
        try await get.writes(Int(share * Double(published.bytes.count)))
        _ = try await get.kill9()
        let part = output + ".fdl-part"
        guard Files.exists(part) else {
            // Killed before the first byte, or just after the last.
            return Files.exists(output) ? Set(0..<published.chunkCount) : []
        }
        #expect(!Files.exists(output))
        #expect(try published.holdsNothingWrong(part))
        return try published.rightChunks(in: part)
    }

    @Test func `Ten times at a random moment: the next run fetches what is missing and no more`() async throws {
        var generator = SeededGenerator(seed: 11)
        for round in 0..<10 {
            let output = scene.path("copy \(round)")
            let kept = try await killedGet(to: output, after: .random(in: 0...0.95, using: &generator))
            let missing = published.chunkCount - kept.count
            let done = try await scene.get(published.manifest, to: output, from: workers.map(\.url)).done()
            print("kill \(round + 1): \(missing) missing, \(done.chunks.fetched) fetched, \(done.chunks.reused) reused")
            #expect(done.chunks.total == published.chunkCount)
            #expect(done.chunks.fetched <= missing)
            #expect(try Files.hold(output, published.bytes))
            try Files.remove(output)
        }
    }

    @Test func `Ten kills in a row lose no chunk that was on disk`() async throws {
        var generator = SeededGenerator(seed: 12)
        let output = scene.path("copy")
        var kept: Set<Int> = []
        for round in 0..<10 {
            let now = try await killedGet(to: output, after: .random(in: 0...0.12, using: &generator))
            #expect(now.isSuperset(of: kept), "round \(round)")
            kept = now
        }
        let done = try await scene.get(published.manifest, to: output, from: workers.map(\.url)).done()
        #expect(done.chunks.reused == kept.count)
        #expect(try Files.hold(output, published.bytes))
    }

    @Test func `A partial file that was damaged meanwhile is not believed`() async throws {
        let output = scene.path("copy")
        let kept = try await killedGet(to: output, after: 0.2, rate: verySlowly)
        let chunk = try #require(kept.min())
        let offset = chunk * published.chunkSize + 17
        try Files.patch(output + ".fdl-part", at: offset, with: [published.bytes[offset] ^ 0x40])
        let done = try await scene.get(published.manifest, to: output, from: workers.map(\.url)).done()
        #expect(done.chunks.reused == kept.count - 1)
        #expect(try Files.hold(output, published.bytes))
    }

    @Test func `Interrupted politely, it says so and goes on the next time`() async throws {
        let output = scene.path("copy")
        let get = try await scene.startGet(published.manifest, to: output, from: workers.map(\.url), verySlowly)
        try await get.writes(published.bytes.count / 5)
        get.signal(2)
        let ended = try await get.wait()
        #expect(ended.signal == 2, "\(ended.errors)")
        #expect(!Files.exists(output))
        _ = try await scene.get(published.manifest, to: output, from: workers.map(\.url)).done()
        #expect(try Files.hold(output, published.bytes))
    }
}
