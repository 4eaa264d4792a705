import FoundationEssentials
import TestSupport
import Testing

@Suite("A stream to standard output, and seeds")
struct StreamTests {
    /// Runs a shell in which `fdl-secure get … -o -` writes to a pipe that `reader` reads. The shell becomes the get.
    private func stream(_ scene: Scene, _ manifest: String, _ source: String, to reader: String) async throws
        -> RunningProgram
    {
        let get = try await ["get", manifest, "-o", "-", "--server", source] + scene.acceptance()
        let script = """
            mkfifo pipe
            { \(reader); } <pipe >read &
            exec "$@" >pipe
            """
        return try scene.start(.system("sh"), ["-c", script, "sh", Program.secure.path] + get, by: .reader)
    }

    @Test func `The bytes come in order`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(8 << 20), chunkSize: 65_536)
        let worker = try await scene.worker(root: published.root)
        let ended = try await stream(scene, published.manifest, worker.url, to: "cat").wait()
        #expect(ended.code == 0, "\(ended.errors)")
        let read = scene.home(of: .reader) + "/read"
        try await eventually("the reader has it all") { try Files.size(read) >= published.bytes.count ? () : nil }
        #expect(try Files.read(read) == published.bytes)
    }

    @Test(.withoutSanitizer("how much memory is resident"))
    func `A slow reader slows the download and fills no memory`() async throws {
        let scene = try await Scene()
        let file = try await scene.publishLarge(256 << 20)
        let worker = try await scene.worker(root: file.root)
        let get = try await stream(scene, file.manifest, worker.url, to: "sleep 4; cat")
        try await Task.sleep(for: .seconds(3))
        #expect(get.isRunning)
        let (ended, peak) = try await get.waitWatchingMemory()
        #expect(ended.code == 0, "\(ended.errors)")
        print("stream: \(peak >> 20) MiB resident at most with a slow reader")
        #expect(peak < 160 << 20)
        let read = scene.home(of: .reader) + "/read"
        try await eventually("the reader has it all") { try Files.size(read) >= file.size ? () : nil }
        #expect(try await file.matches(read, in: scene))
    }

    @Test func `A reader that goes early: an error that says so, and no crash`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(8 << 20), chunkSize: 65_536)
        let worker = try await scene.worker(root: published.root)
        let ended = try await stream(scene, published.manifest, worker.url, to: "head -c 100000").wait()
        try ended.failed(74, saying: "standard output", "broken pipe")
        #expect(!ended.errors.contains("https://"), "a server is blamed: \(ended.errors)")
    }

    @Test func `A reader that has stopped reading cannot keep it from being interrupted`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(8 << 20), chunkSize: 65_536)
        let worker = try await scene.worker(root: published.root)
        let get = try await stream(scene, published.manifest, worker.url, to: "sleep 100")
        // What a pipe holds, and so all that is ever read of the output.
        try await Task.sleep(for: .seconds(1))
        #expect(get.isRunning)
        get.signal(15)
        let ended = try await get.wait()
        #expect(ended.signal == 15, "\(ended.errors)")
    }

    @Test(arguments: [false, true])
    func `What a seed holds is copied, and only the rest fetched`(isFolder: Bool) async throws {
        let scene = try await Scene()
        let bytes = noise(4 << 20)
        let published = try await scene.publish(bytes, chunkSize: 65_536)
        let worker = try await scene.worker(root: published.root)
        // An older version: a block inserted in front, and one chunk that was different.
        var older = noise(65_536, seed: 9) + bytes
        for index in (20 * 65_536)..<(20 * 65_536 + 10) { older[index] ^= 1 }
        let seed = scene.path(isFolder ? "seed/old/data.bin" : "seed/data.bin")
        try Files.write(older, to: seed)
        let done = try await scene.get(
            published.manifest,
            to: scene.path("copy"),
            from: [worker.url],
            ["--seed", isFolder ? scene.path("seed") : seed]
        ).done()
        #expect(try Files.read(scene.path("copy")) == bytes)
        #expect(done.chunks.reused == published.chunkCount - 1)
        #expect(done.chunks.fetched == 1)
        #expect(try Files.read(seed) == older)
    }
}
