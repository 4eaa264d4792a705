import FDLCore
import NIOCore
import Testing

@testable import FDLTLS

/// What a pin adds to the check of a chain, and what replaces it.
@Suite("Pins", .timeLimit(.minutes(10)))
struct PinTests {
    private func peer(
        _ listener: Listener,
        _ client: TLSContext,
        _ sessions: TLSSessionCache? = nil
    ) async throws -> Peer {
        try await Peer.connect(to: listener.port, context: client, host: "localhost", sessions: sessions)
    }

    /// Whether that is what the handshake ends with: nothing else comes before it.
    private func fails(_ peer: Peer, _ error: TLSError) async -> Bool {
        await peer.next()?.description == "error \(error)"
    }

    @Test func `A pinned key replaces no chain`() async throws {
        let (authority, stranger) = (try await Authority(), try await Authority())
        let identity = try await authority.issue()
        let pin = try await authority.pin(ofKey: identity.key)
        let listener = try await Listener(context: try authority.server(identity))
        let refused = try await peer(listener, stranger.client(pins: [pin]))
        #expect(await fails(refused, .unknownAuthority))
        #expect(await (try peer(listener, authority.client(pins: [pin]))).handshake() != nil)
    }

    @Test func `The pin of the leaf replaces the chain and all other pins`() async throws {
        let (authority, stranger) = (try await Authority(), try await Authority())
        let identity = try await authority.issue()
        let right = try #require(PublicKeyPin(try await authority.pin(ofKey: identity.key)))
        let other = try #require(PublicKeyPin(try await authority.pin(ofKey: authority.path("ca.key"))))
        let listener = try await Listener(context: try authority.server(identity))
        func client(_ roots: Authority, pins: [PublicKeyPin], leaf: PublicKeyPin) throws -> TLSContext {
            var configuration = TLSClientConfiguration(trustRoots: .pem(try roots.certificateBytes), pins: pins)
            configuration.leafPins = [leaf]
            return try TLSContext.client(configuration)
        }
        let accepted = try await peer(listener, client(stranger, pins: [other], leaf: right))
        #expect(await accepted.handshake() != nil)
        // The manifest's pin does not help, nor does its authority.
        let refused = try await peer(listener, client(authority, pins: [right], leaf: other))
        #expect(await fails(refused, .pinMismatch(presented: right)))
    }

    @Test func `A resumed handshake, which looks at no certificate, checks the pin all the same`() async throws {
        let authority = try await Authority()
        let identity = try await authority.issue()
        let presented = try #require(PublicKeyPin(try await authority.pin(ofKey: identity.key)))
        let other = try await authority.pin(ofKey: authority.path("ca.key"))
        let listener = try await Listener(context: try authority.server(identity))
        let (open, pinned) = (try authority.client(), try authority.client(pins: [other]))
        let sessions = TLSSessionCache()
        let there = try await peer(listener, open, sessions)
        let here = try await listener.accept()
        #expect(await there.handshake() != nil)
        // The ticket comes with the first byte.
        try await here.send("!")
        _ = await there.bytes(1)
        func key(_ context: TLSContext) -> TLSSessionCache.Key {
            .init(context: context.number, host: "localhost", port: listener.port)
        }
        let session = try #require(sessions.session(for: key(open)))
        sessions.store(session, for: key(pinned))
        let resumed = try await peer(listener, pinned, sessions)
        #expect(await fails(resumed, .pinMismatch(presented: presented)))
    }
}
