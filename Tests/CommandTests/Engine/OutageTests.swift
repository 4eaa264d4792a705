import Glibc
import TestSupport
import Testing

/// Networks that break and workers that restart. These wait more than they work, so they run beside the others.
@Suite("Outages")
struct OutageTests {
    @Test func `A partition of one source, then of all for 20 s: it goes on by itself`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(24 << 20), chunkSize: 65_536)
        let workers = try await scene.workers(2, root: published.root)
        let one = try await Relay.start(to: workers[0].port, bytesPerSecond: 1e6)
        let other = try await Relay.start(to: workers[1].port, bytesPerSecond: 1e6)
        let output = scene.path("copy")
        let get = try await scene.startGet(published.manifest, to: output, from: [one.url, other.url])
        try await Task.sleep(for: .seconds(2))
        one.freeze()
        try await Task.sleep(for: .seconds(3))
        let before = try published.rightChunks(in: output + ".fdl-part").count
        #expect(before > 0)
        #expect(get.isRunning, "the download was over before the partition of all")
        other.freeze()
        try await Task.sleep(for: .seconds(20))
        #expect(get.isRunning, "it gave up within 20 s")
        one.thaw()
        other.thaw()
        let clock = ContinuousClock()
        let start = clock.now
        let done = try GetResult(await get.wait()).done()
        print("partition: done \(rounded(seconds(clock.now - start))) s behind its end; \(done.seconds) s in all")
        #expect(try Files.read(output) == published.bytes)
        #expect(done.chunks.fetched == published.chunkCount)
    }

    @Test func `A worker restarted ten times: the download completes`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(24 << 20), chunkSize: 65_536)
        let port = try freePort()
        func start() async throws -> Worker {
            let program = try scene.start(
                .server,
                [
                    "--cert", scene.certificates.server, "--root", published.root, "--listen", "127.0.0.1:\(port)",
                ],
                by: .publisher
            )
            return try await Worker(program, port: program.listeningPort())
        }
        var worker = try await start()
        let output = scene.path("copy")
        let get = try await scene.startGet(
            published.manifest,
            to: output,
            from: [worker.url],
            ["--limit-rate", "1M"]
        )
        for restart in 0..<10 {
            try await Task.sleep(for: .milliseconds(900))
            #expect(get.isRunning, "the download was over before restart \(restart)")
            if restart.isMultiple(of: 2) { try await worker.kill() } else { _ = try await worker.stop() }
            worker = try await start()
        }
        let done = try GetResult(await get.wait()).done()
        #expect(try Files.read(output) == published.bytes)
        #expect(done.chunks.fetched == published.chunkCount)
        print("restarts: done in \(done.seconds) s, \(try done.source(worker.url).failed) failures")
    }
}
