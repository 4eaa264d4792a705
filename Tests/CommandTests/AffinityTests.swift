import FDLCore
import FDLCrypto
import TestSupport
import Testing

/// Sources that hold a part each: servers with fragments, and caches that many readers share.
@Suite("Sources that hold a part")
struct AffinityTests {
    @Test func `Ten sources with each chunk on two of them: hardly a request too many`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(64 << 20), chunkSize: 65_536)
        let trees = scene.path("trees")
        try Files.makeDirectory(trees)
        let server = try await Nginx.start(
            in: scene,
            http: { "log_format status '$status'; access_log \($0)/access status;" },
            server: "root \(trees);"
        )
        let urls = (0..<10).map { "\(server.url)\($0)/" }
        let keys = urls.map { Affinity.Key(url: $0, digest: SHA256Digest(hashing: Array($0.utf8))) }
        for chunk in 0..<published.chunkCount {
            let bytes = Array(published.bytes[(chunk << 16)..<((chunk + 1) << 16)])
            let digest = SHA256Digest(hashing: bytes)
            for holder in Affinity.order(of: digest, among: keys).prefix(2) {
                try Files.write(bytes, to: "\(trees)/\(holder)/chunks/\(digest.hex.prefix(2))/\(digest.hex)")
            }
        }
        let output = scene.path("copy")
        _ = try await scene.get(published.manifest, to: output, from: urls, ["--compress", "never"]).done()
        #expect(try Files.hold(output, published.bytes))
        let log = String(decoding: try Files.read(server.place + "/access"), as: UTF8.self)
        let lines = log.split(separator: "\n")
        let lacking = lines.count { $0 == "404" }
        let count = published.chunkCount
        print("ten sources, each chunk on two: \(lines.count) requests for \(count) chunks, \(lacking) 404s")
        #expect(lines.count <= count * 12 / 10)
    }
}

extension TimedTests {
    /// Other work of the machine lets a cache stand still, and then others are asked: nothing runs beside these.
    @Suite("Caches that many readers share") struct SharedCacheTests {
        /// A cache may stand still for a moment, in which others are asked instead: what holds otherwise is seen in one of
        /// a few rounds. Without affinity it is about 170 in each.
        @Test func `Six readers over three nginx caches: the origin gives each chunk little more than once`()
            async throws
        {
            let scene = try await Scene()
            let published = try await scene.publish(noise(63 << 20))
            let worker = try await scene.worker(root: published.root)
            var fewest = Int.max
            for round in 0..<5 where fewest > 80 {
                let answers = try await sixReaders(round, scene, published, worker)
                print("six readers over three caches: \(answers) origin answers for \(published.chunkCount) chunks")
                #expect(answers < 140)
                fewest = min(fewest, answers)
            }
            #expect(fewest <= 80)
        }

        /// Six readers at once, and three caches that begin empty.
        /// - Returns: how often the origin answered.
        private func sixReaders(
            _ round: Int,
            _ scene: Scene,
            _ published: Published,
            _ worker: Worker
        ) async throws -> Int {
            var caches: [Cache] = []
            for _ in 0..<3 { caches.append(try await Cache.start(before: worker, in: scene)) }
            let urls = caches.map(\.url)
            let outputs = (0..<6).map { scene.path("copy\(round)-\($0)") }
            var readers: [RunningProgram] = []
            for output in outputs {
                readers.append(
                    try await scene.startGet(published.manifest, to: output, from: urls, ["--compress", "never"])
                )
            }
            for (reader, output) in zip(readers, outputs) {
                _ = try GetResult(await reader.wait()).done()
                #expect(try Files.hold(output, published.bytes))
                try Files.remove(output)
            }
            return try caches.reduce(0) { $0 + (try $1.originRequests()) }
        }
    }
}
