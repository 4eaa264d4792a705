import COpenSSL
import FDLCore
import NIOCore
import Testing

@testable import FDLTLS

@Suite("Session resumption", .timeLimit(.minutes(10)))
struct ResumptionTests {
    /// Connects, exchanges a byte each way (in TLS 1.3 the ticket comes with it), and closes.
    private func visit(
        _ listener: Listener,
        _ context: TLSContext,
        host: String = "localhost",
        _ sessions: TLSSessionCache
    ) async throws -> TLSHandshakeCompleted {
        let there = try await Peer.connect(to: listener.port, context: context, host: host, sessions: sessions)
        let here = try await listener.accept()
        let event = try #require(await there.handshake())
        try await there.send("?")
        _ = await here.bytes(1)
        try await here.send("!")
        _ = await there.bytes(1)
        try await there.close()
        try await here.close()
        return event
    }

    @Test("The second connection resumes the first one's session, and still knows the server's key")
    func resumes() async throws {
        let authority = try await Authority()
        let identity = try await authority.issue()
        let pin = try await authority.pin(ofKey: identity.key)
        let listener = try await Listener(context: try authority.server(identity))
        let context = try authority.client(pins: [pin])
        let sessions = TLSSessionCache()
        #expect(try await !visit(listener, context, sessions).resumed)
        for _ in 0..<3 {
            let event = try await visit(listener, context, sessions)
            #expect(event.resumed)
            #expect(event.peerPin?.description == pin)
        }
    }

    @Test("A session with a client certificate is never resumed: it would outlive the certificate")
    func withClientCertificate() async throws {
        let authority = try await Authority()
        let client = try await authority.issue("client", usage: "clientAuth")
        let server = try authority.server(try await authority.issue(), clientAuthority: authority.certificate)
        let listener = try await Listener(context: server)
        let context = try authority.client(showing: client)
        let sessions = TLSSessionCache()
        for _ in 0..<3 { #expect(try await !visit(listener, context, sessions).resumed) }
        #expect(sessions.count == 0)
    }

    @Test("A server that asks for certificates takes no ticket of the time when it did not")
    func ticketOfBefore() async throws {
        let authority = try await Authority()
        let identity = try await authority.issue()
        let open = try authority.server(identity)
        let listener = try await Listener(context: open)
        let context = try authority.client()
        let sessions = TLSSessionCache()
        #expect(try await !visit(listener, context, sessions).resumed)
        let configuration = TLSServerConfiguration(
            certificateChainPath: identity.certificate,
            clientCertificateAuthorityPath: authority.certificate
        )
        listener.replace(try TLSContext.server(configuration, after: open))
        let there = try await Peer.connect(to: listener.port, context: context, sessions: sessions)
        #expect(await (try listener.accept()).error() == .clientCertificateRequired)
        try await there.close()
    }

    @Test("A renewed certificate takes the tickets of the one before")
    func renewed() async throws {
        let authority = try await Authority()
        let first = try authority.server(try await authority.issue())
        let listener = try await Listener(context: first)
        let context = try authority.client()
        let sessions = TLSSessionCache()
        #expect(try await !visit(listener, context, sessions).resumed)
        let renewed = TLSServerConfiguration(certificateChainPath: try await authority.issue("renewed").certificate)
        listener.replace(try TLSContext.server(renewed, after: first))
        #expect(try await visit(listener, context, sessions).resumed)
    }

    @Test("A session is resumed for the same host, port and context alone")
    func keys() async throws {
        let authority = try await Authority()
        let identity = try await authority.issue()
        // One context, so that both would take the other's tickets.
        let server = try authority.server(identity)
        let first = try await Listener(context: server)
        let second = try await Listener(context: server)
        let context = try authority.client()
        let sessions = TLSSessionCache()
        #expect(try await !visit(first, context, sessions).resumed)
        #expect(try await !visit(second, context, sessions).resumed)
        #expect(try await !visit(first, context, host: "127.0.0.1", sessions).resumed)
        #expect(try await !visit(first, try authority.client(), sessions).resumed)
        #expect(try await visit(first, context, sessions).resumed)
    }

    @Test("A server with a new key set makes a full handshake of it")
    func restartedServer() async throws {
        let authority = try await Authority()
        let identity = try await authority.issue()
        let context = try authority.client()
        let sessions = TLSSessionCache()
        let listener = try await Listener(context: try authority.server(identity))
        #expect(try await !visit(listener, context, sessions).resumed)
        listener.replace(try authority.server(identity))
        #expect(try await !visit(listener, context, sessions).resumed)
        #expect(try await visit(listener, context, sessions).resumed)
    }

    @Test("Of servers, the cache forgets the least recently used")
    func bounded() async throws {
        let authority = try await Authority()
        let listener = try await Listener(context: try authority.server(try await authority.issue()))
        let context = try authority.client()
        let sessions = TLSSessionCache(capacity: 2)
        for host in ["localhost", "127.0.0.1", "::1"] { _ = try await visit(listener, context, host: host, sessions) }
        #expect(sessions.count == 2)
        #expect(try await !visit(listener, context, sessions).resumed)
    }

    @Test("Of one server's sessions, it keeps the newest eight")
    func boundedForOneServer() throws {
        let sessions = TLSSessionCache()
        let key = TLSSessionCache.Key(context: 1, host: "localhost", port: 1)
        let made = try (0..<20).map { _ in TLSSession(owning: try #require(SSL_SESSION_new())) }
        for session in made { sessions.store(session, for: key) }
        #expect(sessions.count == TLSSessionCache.sessionsPerServer)
        #expect(sessions.session(for: key) === made.last)
    }
}
