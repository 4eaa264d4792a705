import COpenSSL
import FDLCore
import FDLTLS
import Foundation
import TestSupport
import Testing

@Suite("Certificate and key files", .timeLimit(.minutes(10)))
struct ConfigurationTests {
    private func expect(_ error: TLSError, _ configuration: TLSServerConfiguration) {
        #expect(throws: error) { try TLSContext.server(configuration) }
        #expect(error.failure.exitCode == .configuration)
    }

    @Test("No certificate file")
    func missingCertificate() async throws {
        let authority = try await Authority()
        let path = authority.path("none.pem")
        expect(.certificateFileMissing(path: path), TLSServerConfiguration(certificateChainPath: path))
    }

    @Test("No key file: the place it was looked for is named")
    func missingKey() async throws {
        let authority = try await Authority()
        let identity = try await authority.issue()
        try FileManager.default.removeItem(atPath: identity.key)
        expect(
            .keyFileMissing(path: identity.key),
            TLSServerConfiguration(certificateChainPath: identity.certificate)
        )
        let other = authority.path("elsewhere.key")
        expect(
            .keyFileMissing(path: other),
            TLSServerConfiguration(certificateChainPath: identity.certificate, privateKeyPath: other)
        )
    }

    @Test("The key in the certificate's own file")
    func keyInside() async throws {
        let authority = try await Authority()
        let identity = try await authority.issue()
        try await RunningProgram.run(
            "sh",
            ["-c", "cat server.key >> server.pem && rm server.key"],
            directory: authority.directory
        )
        _ = try TLSContext.server(TLSServerConfiguration(certificateChainPath: identity.certificate))
    }

    @Test("The key of another certificate")
    func otherKey() async throws {
        let authority = try await Authority()
        let identity = try await authority.issue()
        let key = authority.path("ca.key")
        expect(
            .keyOfAnotherCertificate(certificate: identity.certificate, key: key),
            TLSServerConfiguration(certificateChainPath: identity.certificate, privateKeyPath: key)
        )
    }

    @Test("An encrypted key is refused, nobody is asked for its passphrase", arguments: [[], ["-traditional"]])
    func encryptedKey(form: [String]) async throws {
        let authority = try await Authority()
        let identity = try await authority.issue()
        try await RunningProgram.run(
            "openssl",
            ["pkey", "-in", "server.key", "-aes128", "-passout", "pass:secret", "-out", "locked.key"] + form,
            directory: authority.directory
        )
        let path = authority.path("locked.key")
        expect(
            .encryptedKey(path: path),
            TLSServerConfiguration(certificateChainPath: identity.certificate, privateKeyPath: path)
        )
    }

    @Test("Files that are not what they should be", arguments: ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
    func damaged(text: String) async throws {
        let authority = try await Authority()
        let identity = try await authority.issue()
        let path = authority.path("damaged.pem")
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        for configuration in [
            TLSServerConfiguration(certificateChainPath: path),
            TLSServerConfiguration(certificateChainPath: identity.certificate, privateKeyPath: path),
            TLSServerConfiguration(
                certificateChainPath: identity.certificate,
                clientCertificateAuthorityPath: path
            ),
        ] {
            let error = #expect(throws: TLSError.self) { try TLSContext.server(configuration) }
            guard case .unreadablePEM(let origin, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(origin == path)
        }
        let client = TLSClientConfiguration(trustRoots: .pem(Array(text.utf8)))
        #expect(throws: TLSError.self) { try TLSContext.client(client) }
    }

    @Test("A directory instead of a file")
    func directory() async throws {
        let authority = try await Authority()
        let configuration = TLSServerConfiguration(certificateChainPath: authority.directory)
        let error = #expect(throws: TLSError.self) { try TLSContext.server(configuration) }
        #expect(error?.failure.exitCode == .configuration)
    }

    @Test("A key that is too short to be safe")
    func shortKey() async throws {
        let authority = try await Authority()
        try await authority.openssl(
            "req",
            "-x509",
            "-newkey",
            "rsa:512",
            "-nodes",
            "-keyout",
            "short.key",
            "-out",
            "short.pem",
            "-subj",
            "/CN=a"
        )
        let path = authority.path("short.pem")
        let error = #expect(throws: TLSError.self) {
            try TLSContext.server(TLSServerConfiguration(certificateChainPath: path))
        }
        guard case .unusableCertificate(path, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("Pins are read in one spelling alone")
    func pins() {
        let text = "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        #expect(PublicKeyPin(text)?.description == text)
        #expect(PublicKeyPin(text)?.digest.bytes == Array(0..<32))
        for other in [
            "", "sha256//", "SHA256//" + text.dropFirst(8), "sha256/" + text.dropFirst(8), String(text.dropLast()),
            text + "\n", text + "=", "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=", text + ";" + text,
        ] {
            #expect(PublicKeyPin(other) == nil, "\(other)")
        }
    }

    @Test("Alerts are called what OpenSSL calls them")
    func alerts() {
        var known = 0
        for code in UInt8.min...UInt8.max {
            guard let name = SSL_alert_desc_string_long(Int32(code)).map({ String(cString: $0) }), name != "unknown"
            else { continue }
            known += 1
            #expect(TLSAlert(code: code).description == name)
        }
        #expect(known > 25)
    }
}
