import TestSupport
import Testing

@Suite("Attack: requests of a wrong form")
struct RequestFormAttackTests {
    private let scene: Scene
    private let published: Published
    private let worker: Worker

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(100_000), chunkSize: 65_536)
        worker = try await scene.worker(root: published.root)
    }

    @Test(arguments: [
        ("GET /healthz HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nHost: a, b\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nHost: u@a\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nHost: a:b\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nHost: [::1\r\n\r\n", "400"),
        ("BREW /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
        ("PROPFIND /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "501"),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"),
        ("GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", "505"),
        ("GET /healthz HTTP/3.7\r\nHost: a\r\n\r\n", "505"),
    ])
    func `is refused, and the connection ends`(request: String, status: String) async throws {
        let client = try await RawConnection.open(to: worker, in: scene)
        try await client.ready()
        client.push(request + "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        try await client.ended()
        #expect(client.statuses.map { String($0.prefix(3)) } == [status], "\(client.text)")
        #expect(client.text.contains("Connection: close\r\n") || client.text.contains("connection: close\r\n"))
        try await Onlooker(scene: scene, worker: worker, published: published).fetches("meanwhile")
    }

    @Test(arguments: ["a", "", "a.example:8443", "127.0.0.1", "[::1]:443", "[2001:db8::1]", "xn--e1afmkfd.example:"])
    func `a Host that is one is taken`(host: String) async throws {
        let client = try await RawConnection.open(to: worker, in: scene)
        try await client.ready()
        client.push("GET /healthz HTTP/1.1\r\nHost: \(host)\r\n\r\n")
        #expect(try await client.answers(1) == ["200 OK"])
    }
}
