import FDLCore
import FDLCrypto
import TestSupport
import Testing

/// Sources that hold a part each: caches that many readers share, and servers with fragments.
@Suite("Sources that hold a part")
struct AffinityTests {
    @Test func `Six readers over three nginx caches: the origin gives each chunk little more than once`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(63 << 20))
        let worker = try await scene.worker(root: published.root)
        var caches: [Cache] = []
        for _ in 0..<3 { caches.append(try await Cache.start(before: worker, in: scene)) }
        var readers: [RunningProgram] = []
        for number in 0..<6 {
            let output = scene.path("copy\(number)")
            let urls = caches.map(\.url)
            readers.append(
                try await scene.startGet(published.manifest, to: output, from: urls, ["--compress", "never"])
            )
        }
        for (number, reader) in readers.enumerated() {
            _ = try GetResult(await reader.wait()).done()
            #expect(try Files.hold(scene.path("copy\(number)"), published.bytes))
        }
        let answers = try caches.reduce(0) { $0 + (try $1.originRequests()) }
        print("six readers over three caches: \(answers) origin answers for \(published.chunkCount) chunks")
        #expect(answers <= 80)
    }

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
