import FDLCore
import FDLTLS
import NIOCore
import Testing

@Suite("Handshakes between our client and our server", .timeLimit(.minutes(10)))
struct HandshakeTests {
    @Test("Data flows both ways, in TLS 1.3")
    func happyPath() async throws {
        let authority = try await Authority()
        let identity = try await authority.issue()
        let listener = try await Listener(context: try authority.server(identity))
        let there = try await Peer.connect(to: listener.port, context: try authority.client(), halfClosure: true)
        let here = try await listener.accept()
        let event = try #require(await there.handshake())
        #expect(event.version == .tls13)
        #expect(event.cipher == "TLS_AES_128_GCM_SHA256")
        #expect(!event.resumed)
        #expect(event.peerPin?.description == (try await authority.pin(ofKey: identity.key)))
        #expect(try #require(await here.handshake()).peerPin == nil)
        try await there.send("question")
        #expect(await here.bytes(8) == ByteBuffer(string: "question"))
        try await here.send("answer")
        #expect(await there.bytes(6) == ByteBuffer(string: "answer"))
        try await there.close()
        #expect(await here.next()?.description == "inputClosed")
        try await here.close()
    }

    @Test(
        "The certificate is accepted for each of its names",
        arguments: ["localhost", "LocalHost", "localhost.", "127.0.0.1", "::1", "[::1]", "a.wild.example"]
    )
    func names(host: String) async throws {
        let authority = try await Authority()
        let identity = try await authority.issue(names: "DNS:localhost,IP:127.0.0.1,IP:::1,DNS:*.wild.example")
        let listener = try await Listener(context: try authority.server(identity))
        let there = try await Peer.connect(to: listener.port, context: try authority.client(), host: host)
        #expect(await there.handshake() != nil)
        try await there.close()
    }

    @Test(
        "What is neither a name nor an address is refused before anything is sent",
        arguments: [
            "", ".", ".localhost", "a..b", "a b", "local\u{0}host", "[localhost]", "höst", "a/b", "localhost:1",
        ]
    )
    func invalidHost(host: String) async throws {
        let authority = try await Authority()
        let context = try authority.client()
        #expect(throws: TLSError.invalidHost(host)) { try TLSHandler(client: context, host: host) }
    }

    @Test("What is written before the handshake is done arrives after it")
    func earlyWrites() async throws {
        let authority = try await Authority()
        let listener = try await Listener(context: try authority.server(try await authority.issue()))
        let there = try await Peer.connect(to: listener.port, context: try authority.client())
        let sent = there.beginSending(ByteBuffer(string: "at once"))
        let here = try await listener.accept()
        #expect(await here.bytes(7) == ByteBuffer(string: "at once"))
        try await sent.get()
        try await there.close()
    }
}
