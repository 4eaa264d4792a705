import TestSupport
import Testing

/// Sources that are right but for a little: a cache with a bit flipped, a mirror with one file of an older version.
@Suite("Wrong here and there")
struct RotTests {
    /// nginx keeps one copy for each Accept-Encoding.
    private let plain = ["--compress", "never"]

    @Test func `One flipped bit in the only cache: done, healed, by one request more`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(4 << 20), chunkSize: 65_536)
        let cache = try await Cache.start(before: scene.worker(root: published.root), in: scene)
        func get(_ name: String) async throws -> GetResult.Done.Source {
            let output = scene.path(name)
            // One connection: nothing is asked for twice because it is late.
            let options = plain + ["--connections", "1"]
            let result = try await scene.get(published.manifest, to: output, from: [cache.url], options)
            let source = try result.done().source(cache.url)
            #expect(try Files.hold(output, published.bytes))
            return source
        }
        #expect(try await get("warm").corrupt == 0)
        for number in [0, 31, 63] {
            try cache.rot(number)
            let before = try cache.requests().count
            let source = try await get("copy\(number)")
            #expect(source.corrupt == 1)
            #expect(source.state == "active")
            let requests = try cache.requests()[before...]
            #expect(requests.count == published.chunkCount + 1)
            #expect(requests.count { $0.hasPrefix("BYPASS") } == 1)
            #expect(try await get("again\(number)").corrupt == 0, "the cache is not healed")
        }
    }

    @Test func `Beside another source, too, nobody is put aside`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(4 << 20), chunkSize: 65_536)
        let worker = try await scene.worker(root: published.root)
        var caches: [Cache] = []
        for number in 0..<2 {
            let cache = try await Cache.start(before: worker, in: scene)
            let warm = scene.path("warm\(number)")
            _ = try await scene.get(published.manifest, to: warm, from: [cache.url], plain).done()
            try cache.rot(7 + number)
            caches.append(cache)
        }
        let output = scene.path("copy")
        let done = try await scene.get(published.manifest, to: output, from: caches.map(\.url), plain).done()
        #expect(try Files.hold(output, published.bytes))
        for cache in caches {
            let source = try done.source(cache.url)
            #expect(source.corrupt <= 1)
            #expect(source.state == "active")
        }
    }

    @Test func `A mirror with one stale file of forty: the others come from there`() async throws {
        let scene = try await Scene()
        let root = scene.path("published")
        let stale = scene.path("mirror")
        for number in 0..<40 {
            let bytes = noise(256 << 10, seed: UInt64(number))
            try Files.write(bytes, to: "\(root)/tree/\(number)")
            try Files.write(number == 17 ? noise(256 << 10, seed: 99) : bytes, to: "\(stale)/\(number)")
        }
        let manifest = try await scene.sign(root + "/tree", ["--chunk-size", "64KiB"])
        let mirror = try await Mirror.start(root: stale, in: scene)
        let output = scene.path("copy")

        // All but that file is kept, so that another source has to give no more than its four chunks.
        let alone = try await scene.get(manifest, to: output, from: [], ["--mirror", mirror.url])
        try alone.failed(65, saying: "no source can give 4 chunks", "2 wrong")

        let worker = try await scene.worker(root: root)
        let done = try await scene.get(manifest, to: output, from: [worker.url]).done()
        #expect(done.chunks.reused == 156)
        #expect(done.chunks.fetched == 4)

        let both = try await scene.get(
            manifest,
            to: scene.path("both"),
            from: [worker.url],
            ["--mirror", mirror.url]
        )
        let source = try both.done().source(mirror.url)
        #expect(source.corrupt <= 2)
        #expect(source.state != "quarantined")
        try await scene.must(.system("diff"), ["-r", root + "/tree", scene.path("both")], by: .reader)
    }
}
