import TestSupport
import Testing

/// Real servers that close each connection, or serve so many at a time.
@Suite("Servers that close, or limit, connections")
struct ClosingServerTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(12 << 20), chunkSize: 262_144)
        try HonestTree(manifest: published.manifest, root: published.root).writeChunks(below: published.root)
    }

    private func get(from server: Mirror, as role: String) async throws -> GetResult.Done.Source {
        let output = scene.path("copy")
        let done = try await scene.get(published.manifest, to: output, from: [], [role, server.url]).done()
        #expect(try Files.hold(output, published.bytes))
        let source = try done.source(server.url)
        #expect(source.chunks == published.chunkCount)
        #expect(source.failed == 0, "charged: \(source.reason ?? "-")")
        return source
    }

    @Test(
        arguments: ["keepalive_requests 1;", "keepalive_requests 7;", "keepalive_timeout 0;"],
        ["--mirror", "--server"]
    )
    func `nginx closes behind each answer, or behind a few`(directive: String, role: String) async throws {
        let server = try await Mirror.start(root: published.root, in: scene, server: directive)
        #expect(try await get(from: server, as: role).reason == nil)
        // What was pipelined before it was known is asked for twice at most.
        if role == "--server" { #expect(try server.requests.count <= published.chunkCount + 16) }
    }

    @Test(arguments: [503, 429, 403], ["--mirror", "--server"])
    func `nginx serves one connection at a time`(status: Int, role: String) async throws {
        let server = try await Mirror.start(
            root: published.root,
            in: scene,
            http: "limit_conn_zone $binary_remote_addr zone=one:1m; limit_conn_status \(status);",
            server: "limit_conn one 1;"
        )
        #expect(try await !get(from: server, as: role).isPutAside)
    }

    @Test func `nginx closes behind each answer, and serves two connections at a time`() async throws {
        let server = try await Mirror.start(
            root: published.root,
            in: scene,
            http: "limit_conn_zone $binary_remote_addr zone=one:1m;",
            server: "limit_conn one 2; keepalive_requests 1;"
        )
        #expect(try await !get(from: server, as: "--server").isPutAside)
    }

    @Test(arguments: [503, 429])
    func `nginx answers so many requests a second`(status: Int) async throws {
        let server = try await Mirror.start(
            root: published.root,
            in: scene,
            http: "limit_req_zone $binary_remote_addr zone=one:1m rate=40r/s; limit_req_status \(status);",
            server: "limit_req zone=one burst=4 nodelay;"
        )
        #expect(try await !get(from: server, as: "--server").isPutAside)
    }
}

extension GetResult.Done.Source {
    fileprivate var isPutAside: Bool { ["quarantined", "unusable", "given-up"].contains(state) }
}
