import FDLTLS
import NIOCore
import Testing

@Suite("Handshakes between our client and our server", .timeLimit(.minutes(1)))
struct HandshakeTests {
    @Test("Data flows both ways, in TLS 1.3, with a cipher that seals")
    func happyPath() async throws {
        let authority = try Authority()
        let identity = try authority.issue()
        let server = try TLSContext.server(
            TLSServerConfiguration(certificateChainPath: identity.certificate)
        )
        let client = try TLSContext.client(
            TLSClientConfiguration(trustRoots: .pem(try authority.certificateBytes))
        )
        let listener = try await Listener(context: server)
        let there = try await Peer.connect(to: listener.port, context: client)
        let here = try await listener.accept()
        let event = try #require(await there.handshake())
        #expect(event.version == .tls13)
        #expect(event.cipher == "TLS_AES_128_GCM_SHA256")
        #expect(!event.resumed)
        #expect(event.peerPin?.description == (try authority.pin(ofKey: identity.key)))
        #expect(await here.handshake()?.peerPin == nil)
        try await there.send("question")
        #expect(await here.bytes(8) == ByteBuffer(string: "question"))
        try await here.send("answer")
        #expect(await there.bytes(6) == ByteBuffer(string: "answer"))
        try await there.close()
        let seen = await here.next()
        guard case .inputClosed = seen else {
            Issue.record("\(String(describing: seen))")
            return
        }
        try await here.close()
    }
}
