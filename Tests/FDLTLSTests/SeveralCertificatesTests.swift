import FDLCore
import FDLTLS
import TestSupport
import Testing

@Suite("Several certificates", .timeLimit(.minutes(10)))
struct SeveralCertificatesTests {
    private let authority: Authority

    init() async throws { authority = try await Authority() }

    /// What s_client says of the certificate that it is shown.
    private func shown(_ listener: Listener, _ arguments: [String] = [], name: String?) async throws -> String {
        let naming = name.map { ["-servername", $0] } ?? ["-noservername"]
        let program = try RunningProgram(
            "openssl",
            ["s_client", "-connect", "127.0.0.1:\(listener.port)", "-CAfile", "ca.pem"] + naming + arguments,
            directory: authority.directory
        )
        let here = try await listener.accept()
        _ = await here.handshake()
        try await here.close()
        let ended = try await program.wait()
        return ended.text
    }

    private func server(
        _ identities: [Authority.Identity],
        keys: [String] = [],
        _ change: (inout TLSServerConfiguration) -> Void = { _ in }
    ) throws -> TLSContext {
        var configuration = TLSServerConfiguration(certificateChainPaths: identities.map(\.certificate))
        configuration.privateKeyPaths = keys
        change(&configuration)
        return try TLSContext.server(configuration)
    }

    @Test("RSA and ECDSA side by side: the one whose kind the client knows", arguments: ["-tls1_2", "-tls1_3"])
    func kinds(version: String) async throws {
        let rsa = try await authority.issue("rsa", isRSA: true)
        let listener = try await Listener(context: server([try await authority.issue("ecdsa"), rsa]))
        for (algorithms, kind) in [("RSA-PSS+SHA256:RSA+SHA256", "rsaEncryption"), ("ECDSA+SHA256", "id-ecPublicKey")] {
            let text = try await shown(listener, [version, "-sigalgs", algorithms], name: "localhost")
            #expect(text.contains("a:PKEY: \(kind)"), "\(text)")
            #expect(text.contains("Verify return code: 0 (ok)"))
        }
    }

    @Test("One for each name; who asks for none or another gets the first", arguments: ["-tls1_2", "-tls1_3"])
    func names(version: String) async throws {
        let first = try await authority.issue("first", names: "DNS:a.example")
        let second = try await authority.issue("second", names: "DNS:*.b.example,DNS:b.example")
        // The keys' order is no matter.
        let listener = try await Listener(context: server([first, second], keys: [second.key, first.key]))
        for (name, expected) in [
            ("a.example", "a.example"), ("b.example", "*.b.example"), ("x.b.example", "*.b.example"),
            ("X.B.Example", "*.b.example"), ("x.y.b.example", "a.example"), ("c.example", "a.example"),
            (nil, "a.example"),
        ] {
            let text = try await shown(listener, [version, "-showcerts"], name: name)
            try Files.write(Array(text.utf8), to: authority.path("shown.pem"))
            let names = try await authority.openssl("x509", "-in", "shown.pem", "-noout", "-ext", "subjectAltName")
            #expect(names.text.contains("DNS:" + expected), "\(name ?? "none")")
        }
    }

    @Test("Clients resume whatever certificate they were shown, and their own certificates are asked for")
    func sessionsAndClients() async throws {
        let first = try await authority.issue("first", names: "DNS:a.example")
        let second = try await authority.issue("second", names: "DNS:localhost")
        let client = try await authority.issue("client", usage: "clientAuth")
        let open = try await Listener(context: server([first, second]))
        let (context, sessions) = (try authority.client(), TLSSessionCache())
        for round in 0..<3 {
            let there = try await Peer.connect(to: open.port, context: context, sessions: sessions)
            let here = try await open.accept()
            #expect(await here.handshake()?.resumed == (round > 0))
            try await here.send("!")
            _ = await there.bytes(1)
            try await there.close()
        }
        let strict = try await Listener(
            context: server([first, second]) { $0.clients = .init(authorityPath: authority.certificate) }
        )
        _ = try await Peer.connect(to: strict.port, context: context)
        #expect(try await strict.accept().error() == .clientCertificateRequired)
        let there = try await Peer.connect(to: strict.port, context: authority.client(showing: client))
        #expect(try await strict.accept().handshake()?.peerPin != nil)
        try await there.close()
    }

    @Test("A key that fits none of them is refused")
    func foreignKey() async throws {
        let (first, second) = (try await authority.issue("first"), try await authority.issue("second"))
        let names = "\(first.certificate), \(second.certificate)"
        #expect(throws: TLSError.keyOfAnotherCertificate(certificate: names, key: authority.path("ca.key"))) {
            try server([first, second], keys: [authority.path("ca.key")])
        }
    }

    @Test("TLS 1.2 can be refused")
    func newestOnly() async throws {
        let identity = try await authority.issue()
        let listener = try await Listener(context: server([identity]) { $0.oldestVersion = .tls13 })
        let text = try await shown(listener, ["-tls1_2"], name: "localhost")
        #expect(text.contains("Cipher is (NONE)"))
        #expect(try await shown(listener, ["-tls1_3"], name: "localhost").contains("Verify return code: 0 (ok)"))
    }
}
