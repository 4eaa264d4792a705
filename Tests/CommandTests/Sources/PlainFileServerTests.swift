import TestSupport
import Testing

/// python's http.server, which speaks HTTP/1.0, has no ranges, and ends TLS without close_notify, behind TLS.
@Suite("Servers without ranges")
struct PlainFileServerTests {
    private let scene: Scene
    private let published: Published
    private let server: PythonServer

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(8 << 20), chunkSize: 65_536)
        try HonestTree(manifest: published.manifest, root: published.root).writeChunks(below: published.root)
        server = try await PythonServer.start(root: published.root, in: scene)
    }

    private func requests() throws -> Int { try server.requests.count { $0.contains("/data.bin ") } }

    @Test func `A mirror's file comes as one stream`() async throws {
        let output = scene.path("copy")
        let done = try await scene.get(published.manifest, to: output, from: [], ["--mirror", server.url]).done()
        #expect(try Files.hold(output, published.bytes))
        let source = try done.source(server.url)
        #expect(source.chunks == published.chunkCount)
        #expect(source.failed == 0 && source.reason == nil, "\(source.reason ?? "-")")
        // A chunk has none of its own. On an idle machine there are two, the second asked when nothing was known yet; a
        // stream that stands still on a busy one is asked anew.
        #expect(try requests() < published.chunkCount / 3)
    }

    @Test func `What is there already is read past`() async throws {
        let output = scene.path("copy")
        var part = published.bytes
        let wrong = [5, 70, 71, 127]
        for chunk in wrong { part[chunk * 65_536] ^= 1 }
        try Files.write(part, to: output + ".fdl-part")
        let done = try await scene.get(published.manifest, to: output, from: [], ["--mirror", server.url]).done()
        #expect(try Files.hold(output, published.bytes))
        #expect(done.chunks.fetched == wrong.count)
        #expect(try requests() < published.chunkCount / 3)
    }

    @Test func `Beside a worker it is of use and in nobody's way`() async throws {
        let worker = try await scene.worker(root: published.root)
        let output = scene.path("copy")
        let sources = ["--mirror", server.url, "--server", worker.url]
        let done = try await scene.get(published.manifest, to: output, from: [], sources).done()
        #expect(try Files.hold(output, published.bytes))
        for source in done.sources { #expect(source.failed == 0, "\(source.reason ?? "-")") }
    }

    @Test func `A tree of chunks comes one chunk a connection`() async throws {
        let output = scene.path("copy")
        let done = try await scene.get(published.manifest, to: output, from: [server.url]).done()
        #expect(try Files.hold(output, published.bytes))
        #expect(try done.source(server.url).failed == 0)
    }

    @Test func `To standard output`() async throws {
        let arguments = try await ["get", published.manifest, "-o", "-"] + scene.acceptance()
        let ended = try await scene.run(.secure, arguments + ["--mirror", server.url], by: .reader)
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(ended.output == published.bytes)
    }
}
