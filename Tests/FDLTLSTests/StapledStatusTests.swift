import FDLCore
import FDLTLS
import TestSupport
import Testing

@Suite("OCSP responses handed out", .timeLimit(.minutes(10)))
struct StapledStatusTests {
    private let authority: Authority

    init() async throws { authority = try await Authority() }

    private func asked(_ context: TLSContext, _ arguments: [String] = []) async throws -> String {
        let listener = try await Listener(context: context)
        let program = try RunningProgram(
            "openssl",
            ["s_client", "-connect", "127.0.0.1:\(listener.port)", "-CAfile", "ca.pem", "-status"] + arguments,
            directory: authority.directory
        )
        let here = try await listener.accept()
        _ = await here.handshake()
        try await here.close()
        return try await program.wait().text
    }

    private func server(_ identities: [Authority.Identity], _ statuses: [String] = []) throws -> TLSContext {
        var configuration = TLSServerConfiguration(certificateChainPaths: identities.map(\.certificate))
        configuration.statusPaths = statuses
        return try TLSContext.server(configuration)
    }

    @Test("One that is named, and one that lies beside its certificate", arguments: ["-tls1_2", "-tls1_3"])
    func handedOut(version: String) async throws {
        let identity = try await authority.issue()
        #expect(try await asked(server([identity]), [version]).contains("OCSP response: no response sent"))
        let named = try await authority.status(of: identity)
        #expect(try await asked(server([identity], [named]), [version]).contains("Cert Status: good"))
        _ = try await authority.status(of: identity, as: "server.pem.ocsp")
        #expect(try await asked(server([identity]), [version]).contains("Cert Status: good"))
    }

    @Test("Of several certificates, the response is that of the one shown")
    func ofTheRightOne() async throws {
        let ecdsa = try await authority.issue("ecdsa")
        let rsa = try await authority.issue("rsa", isRSA: true)
        let context = try server([ecdsa, rsa], [try await authority.status(of: rsa)])
        #expect(try await asked(context, ["-sigalgs", "RSA-PSS+SHA256"]).contains("Cert Status: good"))
        #expect(try await asked(context, ["-sigalgs", "ECDSA+SHA256"]).contains("no response sent"))
    }

    @Test("One that is out of date is not handed out, and an operator hears of it")
    func outOfDate() async throws {
        let identity = try await authority.issue()
        let path = try await authority.status(of: identity, isOver: true)
        let context = try server([identity], [path])
        #expect(context.remarks == ["the OCSP response \(path) is out of date: it is not handed out"])
        #expect(try await asked(context).contains("no response sent"))
    }

    @Test("What cannot be handed out is refused, each with its reason")
    func refused() async throws {
        let (first, second) = (try await authority.issue("first"), try await authority.issue("second"))
        let ofSecond = try await authority.status(of: second, as: "second.der")
        #expect(throws: TLSError.statusOfAnotherCertificate(path: ofSecond)) { try server([first], [ofSecond]) }
        // One that was left beside a certificate that is renewed is only not used.
        try Files.copy(ofSecond, to: first.certificate + ".ocsp")
        _ = try server([first])
        try await authority.revoke(second)
        let revoked = try await authority.status(of: second, as: "revoked.der")
        for (path, reason) in [
            (revoked, "it says that the certificate is revoked"),
            (first.certificate, "it is not an OCSP response in DER"),
            (authority.path("none"), "there is no such file"),
        ] {
            #expect(throws: TLSError.unusableStatus(path: path, reason: reason)) { try server([second], [path]) }
        }
        #expect(throws: TLSError.unreadableFile(path: authority.directory, .directory)) {
            try server([second], [authority.directory])
        }
    }
}
