import TestSupport
import Testing

/// The bad server itself, seen by curl: what it is told to do wrong is what a client sees.
@Suite("The harness's bad server")
struct FaultServerTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    private func curl(_ server: FaultServer, _ paths: String..., options: [String] = []) async throws -> Ended {
        let command = ["-sS", "--cacert", scene.certificates.authority] + options
        return try await scene.run(.system("curl"), command + paths.map { server.url + $0 }, by: .reader)
    }

    @Test func `It answers, reads several requests of a connection, and counts`() async throws {
        let server = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            try await reply.send(status: "200 OK", body: Array((request.target + " " + (request["x-test"] ?? "")).utf8))
        }
        let ended = try await curl(server, "one", "two", options: ["-H", "X-Test: there"])
        #expect(ended.text == "/one there/two there", "\(ended.errors)")
        #expect(server.connections == 1)
        #expect(server.requests.map(\.target) == ["/one", "/two"])
    }

    @Test func `It ends a connection with close_notify or without`() async throws {
        let server = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            try await reply.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
            if request.target == "/polite" { reply.close() } else { try await reply.cutOff() }
        }
        func said(_ path: String) async throws -> String {
            let script = #"printf 'GET %s HTTP/1.1\r\n\r\n' "$1" | openssl s_client -quiet -connect 127.0.0.1:"$0""#
            return try await scene.run(.system("sh"), ["-c", script, String(server.port), path], by: .reader).errors
        }
        #expect(try await said("/rude").contains("unexpected eof"))
        #expect(try await !said("/polite").contains("unexpected eof"))
    }
}
