import FDLCore
import FDLTLS
import NIOCore
import TestSupport
import Testing

@Suite("What a client refuses, and what the server hears of it", .timeLimit(.minutes(10)))
struct RefusalTests {
    /// A server's certificate and what is wrong with it.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        var names = "DNS:localhost,IP:127.0.0.1"
        var usage = "serverAuth"
        var start: String?
        var end: String?
        var host = "localhost"
        let error: TLSError
        let alert: UInt8
    }

    static let cases = [
        Case(
            testDescription: "expired",
            start: "20200101000000Z",
            end: "20210101000000Z",
            error: .certificateExpired,
            alert: 45
        ),
        Case(
            testDescription: "not yet valid",
            start: "20980101000000Z",
            end: "20990101000000Z",
            error: .certificateNotYetValid,
            alert: 42
        ),
        Case(
            testDescription: "another host",
            names: "DNS:other.example,IP:127.0.0.1",
            error: .hostNameMismatch("localhost"),
            alert: 42
        ),
        Case(
            testDescription: "host in the common name alone",
            names: "IP:127.0.0.1",
            error: .hostNameMismatch("localhost"),
            alert: 42
        ),
        Case(
            testDescription: "a wildcard for part of a label",
            names: "DNS:loc*.wild.example",
            host: "local.wild.example",
            error: .hostNameMismatch("local.wild.example"),
            alert: 42
        ),
        Case(
            testDescription: "another address",
            names: "DNS:localhost,IP:127.0.0.2",
            host: "127.0.0.1",
            error: .addressMismatch("127.0.0.1"),
            alert: 42
        ),
        Case(
            testDescription: "an address as a DNS name",
            names: "DNS:127.0.0.1",
            host: "127.0.0.1",
            error: .addressMismatch("127.0.0.1"),
            alert: 42
        ),
        Case(
            testDescription: "a client's certificate",
            usage: "clientAuth",
            error: .certificateRefused(reason: "unsuitable certificate purpose"),
            alert: 43
        ),
    ]

    @Test("Certificates of a trusted authority", arguments: cases)
    func refused(_ refusal: Case) async throws {
        let authority = try await Authority()
        let identity = try await authority.issue(
            names: refusal.names,
            usage: refusal.usage,
            from: refusal.start,
            to: refusal.end
        )
        try await expect(
            refusal.error,
            alert: refusal.alert,
            server: try authority.server(identity),
            client: try authority.client(),
            host: refusal.host
        )
    }

    @Test("A self-signed certificate")
    func selfSigned() async throws {
        let authority = try await Authority()
        try await expect(
            .selfSigned,
            alert: 48,
            server: try authority.server(try await authority.selfSigned()),
            client: try authority.client()
        )
    }

    @Test("A certificate of an authority that is not trusted", arguments: [false, true])
    func unknownAuthority(rootIsSent: Bool) async throws {
        let authority = try await Authority()
        let other = try await Authority()
        let identity = try await other.issue()
        if rootIsSent {
            try await RunningProgram.run("sh", ["-c", "cat ca.pem >> server.pem"], directory: other.directory)
        }
        let client = try authority.client()
        try await expect(.unknownAuthority, alert: 48, server: try other.server(identity), client: client)
    }

    @Test("The system's authorities do not know a private one")
    func systemRoots() async throws {
        let authority = try await Authority()
        let client = try TLSContext.client(TLSClientConfiguration(trustRoots: .system))
        let server = try authority.server(try await authority.issue())
        try await expect(.unknownAuthority, alert: 48, server: server, client: client)
        let both = try TLSContext.client(
            TLSClientConfiguration(trustRoots: .systemAnd(pem: try authority.certificateBytes))
        )
        let listener = try await Listener(context: server)
        #expect(await (try Peer.connect(to: listener.port, context: both)).handshake() != nil)
    }

    @Test("A self-signed certificate that is itself trusted is accepted")
    func trustedSelfSigned() async throws {
        let authority = try await Authority()
        let identity = try await authority.selfSigned("ca")
        let listener = try await Listener(context: try authority.server(identity))
        let there = try await Peer.connect(to: listener.port, context: try authority.client())
        #expect(await there.handshake() != nil)
    }

    @Test("A leaf or an intermediate that is given as trusted is enough, as for curl", arguments: [true, false])
    func partialChain(isLeaf: Bool) async throws {
        let authority = try await Authority()
        let (intermediate, leaf) = try await authority.issueByIntermediate()
        let listener = try await Listener(context: try authority.server(leaf))
        func client(_ certificate: String) throws -> TLSContext {
            try TLSContext.client(TLSClientConfiguration(trustRoots: .pem(try Files.read(certificate))))
        }
        let trusting = try client(isLeaf ? leaf.certificate : intermediate.certificate)
        #expect(await (try Peer.connect(to: listener.port, context: trusting)).handshake() != nil)
        // Everything else is looked at as before.
        let elsewhere = try await Peer.connect(to: listener.port, context: trusting, host: "other.example")
        #expect(await elsewhere.error() == .hostNameMismatch("other.example"))
        let other = try client(try await authority.issue("other").certificate)
        #expect(await (try Peer.connect(to: listener.port, context: other)).error() == .unknownAuthority)
    }

    @Test("A pinned key is accepted, also as one of several")
    func pinned() async throws {
        let authority = try await Authority()
        let identity = try await authority.issue()
        let pin = try await authority.pin(ofKey: identity.key)
        let other = try await authority.pin(ofKey: authority.path("ca.key"))
        let listener = try await Listener(context: try authority.server(identity))
        for pins in [[pin], [other, pin]] {
            let there = try await Peer.connect(to: listener.port, context: try authority.client(pins: pins))
            #expect(await there.handshake() != nil)
        }
    }

    @Test("Another key than the pinned one is refused though chain and name hold")
    func pinMismatch() async throws {
        let authority = try await Authority()
        let identity = try await authority.issue()
        let presented = try #require(PublicKeyPin(try await authority.pin(ofKey: identity.key)))
        let other = try await authority.pin(ofKey: authority.path("ca.key"))
        try await expect(
            .pinMismatch(presented: presented),
            alert: 40,
            server: try authority.server(identity),
            client: try authority.client(pins: [other])
        )
    }

    @Test("A pin does not stand in for the name")
    func pinIsNotAName() async throws {
        let authority = try await Authority()
        let identity = try await authority.issue(names: "DNS:other.example")
        let pin = try await authority.pin(ofKey: identity.key)
        try await expect(
            .hostNameMismatch("localhost"),
            alert: 42,
            server: try authority.server(identity),
            client: try authority.client(pins: [pin])
        )
    }

    private func expect(
        _ error: TLSError,
        alert: UInt8,
        server: TLSContext,
        client: TLSContext,
        host: String = "localhost"
    ) async throws {
        let listener = try await Listener(context: server)
        let there = try await Peer.connect(to: listener.port, context: client, host: host)
        let here = try await listener.accept()
        let seen = await there.rest()
        #expect(seen.map(\.description) == ["error \(error)", "inactive"])
        #expect(error.failure.exitCode == .tls)
        #expect(await here.error() == .peerAlert(TLSAlert(code: alert)))
    }
}
