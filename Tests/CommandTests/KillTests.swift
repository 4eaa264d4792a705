import FoundationEssentials
import TestSupport
import Testing

extension RunningProgram {
    /// How many bytes it has written to anything so far, by the kernel's account.
    var written: Int {
        let text = FileManager.default.contents(atPath: "/proc/\(pid)/io").map { String(decoding: $0, as: UTF8.self) }
        let line = text?.split(separator: "\n").first { $0.hasPrefix("wchar: ") }
        return line.flatMap { Int($0.dropFirst("wchar: ".count)) } ?? 0
    }

    /// Waits until it has written that much, or has ended.
    func writes(_ bytes: Int) async throws {
        try await eventually("\(command) writes \(bytes) bytes") {
            written >= bytes || !isRunning ? () : nil
        }
    }
}

@Suite("A worker dies")
struct KillTests {
    @Test func `One of three workers killed midway: the download completes, byte for byte`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(largeSize))
        let workers = try await scene.workers(3, root: published.root)
        var paths: [Relay] = []
        for worker in workers { paths.append(try await Relay.start(to: worker.port, freezesAfter: largeSize / 4)) }
        let output = scene.path("copy")
        let get = try await scene.startGet(published.manifest, to: output, from: paths.map(\.url))
        try await get.writes(largeSize / 4)
        try await workers[1].kill()
        let before = paths[1].connections
        paths[1].cut()
        // The second attempt comes when the first has failed.
        try await eventually("get connects twice more") { paths[1].connections > before + 1 ? () : nil }
        #expect(get.isRunning, "the download was over before the worker was killed")
        for path in paths { path.thaw() }
        let done = try GetResult(await get.wait()).done()
        #expect(try Files.hold(output, published.bytes))
        #expect(done.chunks.fetched == published.chunkCount)
        #expect(try done.source(paths[1].url).failed > 0)
        #expect(try done.source(paths[1].url).corrupt == 0)
    }
}
