import FDLCore
import FDLTLS
import NIOCore
import Testing
import TestSupport

@Suite("Peers that do not speak TLS", .timeLimit(.minutes(10)))
struct GarbageTests {
    @Test(
        "A server is sent something else",
        arguments: ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "CONNECT a:443 HTTP/1.1\r\n\r\n", "SSH-2.0-fdl\r\n"]
    )
    func toServer(text: String) async throws {
        let authority = try await Authority()
        let listener = try await Listener(context: try authority.server(try await authority.issue()))
        let there = try await Peer.plain(to: listener.port)
        try await there.send(text)
        let here = try await listener.accept()
        #expect(await here.error() == .notTLS)
        #expect(await there.rest().last?.description == "inactive")
    }

    @Test("A client is answered in plain HTTP")
    func toClient() async throws {
        let authority = try await Authority()
        let listener = try await Listener(context: nil)
        let there = try await Peer.connect(to: listener.port, context: try authority.client())
        try await listener.accept().send("HTTP/1.1 400 Bad Request\r\n\r\n")
        #expect(await there.error() == .notTLS)
    }

    @Test("Random bytes end a server's handshake with an error, whatever they are", arguments: 0..<20)
    func random(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let authority = try await Authority()
        let listener = try await Listener(context: try authority.server(try await authority.issue()))
        let there = try await Peer.plain(to: listener.port)
        var bytes = (0..<Int.random(in: 1...4096, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
        // Every other one starts like a handshake record, so that it gets past the first check.
        if seed % 2 == 0 { bytes = [22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3] + bytes }
        // It may have seen its error and closed before all is written; then there is nothing left to shut down either.
        try? await there.channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
        try? await there.close(.output)
        let here = try await listener.accept()
        #expect(await here.error() != nil)
        #expect(await here.rest().last?.description == "inactive")
    }
}
