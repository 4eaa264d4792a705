import FDLCore
import FDLTLS
import NIOCore
import Testing

@Suite("Client certificates", .timeLimit(.minutes(10)))
struct ClientCertificateTests {
    @Test("One of the authority asked for is accepted, and its key is known")
    func accepted() async throws {
        let authority = try await Authority()
        let client = try await authority.issue("client", usage: "clientAuth")
        let server = try await authority.issue()
        let context = try authority.server(server, clientAuthority: authority.certificate)
        let listener = try await Listener(context: context)
        let there = try await Peer.connect(to: listener.port, context: try authority.client(showing: client))
        let here = try await listener.accept()
        #expect(await here.handshake()?.peerPin?.description == (try await authority.pin(ofKey: client.key)))
        try await here.send("welcome")
        #expect(await there.bytes(7) == ByteBuffer(string: "welcome"))
        try await there.close()
    }

    @Test("None at all is refused, and both sides know why")
    func missing() async throws {
        let authority = try await Authority()
        let context = try authority.server(try await authority.issue(), clientAuthority: authority.certificate)
        let listener = try await Listener(context: context)
        let there = try await Peer.connect(to: listener.port, context: try authority.client())
        let here = try await listener.accept()
        #expect(await there.error() == .clientCertificateRequired)
        #expect(await here.error() == .clientCertificateRequired)
    }

    @Test("What the client sends along does not cost it the reason")
    func missingWhileSending() async throws {
        let authority = try await Authority()
        let context = try authority.server(try await authority.issue(), clientAuthority: authority.certificate)
        let listener = try await Listener(context: context)
        let there = try await Peer.connect(to: listener.port, context: try authority.client())
        there.channel.writeAndFlush(ByteBuffer(repeating: 0x55, count: 1 << 20), promise: nil)
        #expect(await there.error() == .clientCertificateRequired)
    }

    @Test("One of another authority is refused")
    func unknown() async throws {
        let authority = try await Authority()
        let other = try await Authority()
        let client = try await other.issue("client", usage: "clientAuth")
        let context = try authority.server(try await authority.issue(), clientAuthority: authority.certificate)
        let listener = try await Listener(context: context)
        let there = try await Peer.connect(to: listener.port, context: try authority.client(showing: client))
        let here = try await listener.accept()
        #expect(await here.error() == .unknownAuthority)
        #expect(await there.error() == .peerAlert(TLSAlert(code: 48)))
    }

    @Test("A server's certificate does not serve as a client's")
    func wrongPurpose() async throws {
        let authority = try await Authority()
        let server = try await authority.issue()
        let listener = try await Listener(
            context: try authority.server(server, clientAuthority: authority.certificate)
        )
        let there = try await Peer.connect(to: listener.port, context: try authority.client(showing: server))
        let here = try await listener.accept()
        #expect(await here.error() == .certificateRefused(reason: "unsuitable certificate purpose"))
        #expect(await there.error() == .peerAlert(TLSAlert(code: 43)))
    }
}
