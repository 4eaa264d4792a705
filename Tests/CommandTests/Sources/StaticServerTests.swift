import TestSupport
import Testing

/// The table in docs/sources.md is what these tests count.
@Suite("Real servers of static files, as mirror and as a plain tree of chunks")
struct StaticServerTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    private func tree(_ bytes: [UInt8] = noise(4_000_000), as name: String = "data.bin") async throws -> PlainTree {
        try PlainTree(try await scene.publish(bytes, as: name, chunkSize: 65_536), in: scene)
    }

    @Test(arguments: RealServer.Static.allCases)
    func `A plain tree by its address: the index, the manifest, its signature, and each chunk once`(
        kind: RealServer.Static
    ) async throws {
        let tree = try await tree()
        let server = try await RealServer.start(kind, root: tree.root, in: scene)
        let output = scene.path("copy")
        let done = try await scene.get(server.url, to: output, from: []).done()
        #expect(try Files.hold(output, tree.published.bytes))
        let source = try done.source(server.url)
        #expect(source.chunks == tree.published.chunkCount)
        #expect(source.failed + source.corrupt + source.lacked == 0, "\(source.reason ?? "-")")
        let log = try await server.log()
        #expect(log.count(of: "/manifests/") == 3)
        #expect(log.count(of: "/chunks/") == tree.published.chunkCount)
    }

    @Test(arguments: RealServer.Static.allCases)
    func `A mirror: never more requests than chunks`(kind: RealServer.Static) async throws {
        let tree = try await tree()
        let server = try await RealServer.start(kind, root: tree.root, in: scene)
        let (mirror, output) = (server.url + "files/", scene.path("copy"))
        let done = try await scene.get(tree.published.manifest, to: output, from: [], ["--mirror", mirror]).done()
        #expect(try Files.hold(output, tree.published.bytes))
        let source = try done.source(mirror)
        #expect(source.failed + source.corrupt + source.lacked == 0, "\(source.reason ?? "-")")
        let count = try await server.log().count(of: "/files/")
        #expect((1...tree.published.chunkCount).contains(count), "\(count) requests")
    }

    /// Its ranges are of the file as it is stored, whatever their label says.
    @Test func `Apache that labels what ends in .gz as encoded`() async throws {
        let tree = try await tree(as: "data.tar.gz")
        let server = try await RealServer.start(.apache2, root: tree.root, in: scene)
        let (mirror, output) = (server.url + "files/", scene.path("copy"))
        let done = try await scene.get(tree.published.manifest, to: output, from: [], ["--mirror", mirror]).done()
        #expect(try Files.hold(output, tree.published.bytes))
        #expect(try done.source(mirror).failed == 0)
    }

    @Test func `nginx that compresses what it serves`() async throws {
        let tree = try await tree(prose(4_000_000))
        let server = try await RealServer.start("nginx", in: scene) { setting in
            let gzip = "gzip on; gzip_types *; gzip_min_length 100; gzip_proxied any;"
            return try RealServer.nginx(setting, tree.root, http: gzip)
        }
        let output = scene.path("copy")
        let result = try await scene.get(server.url, to: output, from: [], ["--compress", "always"])
        #expect(try result.done().source(server.url).failed == 0)
        #expect(try Files.hold(output, tree.published.bytes))
        #expect(try await server.log().count(of: "/chunks/") == tree.published.chunkCount)
    }

    @Test(arguments: RealServer.Cache.allCases)
    func `A cache before a worker: the origin gives each chunk once, to however many readers`(
        cache: RealServer.Cache
    ) async throws {
        let published = try await scene.publish(noise(4_000_000), chunkSize: 65_536)
        let worker = try await scene.worker(root: published.root, ["--log-level", "debug"])
        let servers = try await RealServer.start(cache, before: worker, in: scene)
        for number in 1...3 {
            let output = scene.path("copy \(number)")
            // A cache may keep one copy for each encoding that is asked for.
            let result = try await scene.get(servers[0].url, to: output, from: [], ["--compress", "never"])
            let done = try result.done()
            #expect(try Files.hold(output, published.bytes))
            let source = try done.source(servers[0].url)
            #expect(source.failed + source.corrupt + source.lacked == 0, "\(source.reason ?? "-")")
        }
        _ = try await worker.stop()
        let asked = worker.program.errors.split(separator: "\n").count(of: "GET /chunks/")
        #expect(asked == published.chunkCount)
    }
}
