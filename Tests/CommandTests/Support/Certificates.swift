import FoundationEssentials
import TestSupport

/// A private CA and the certificates it signs, made by `tools/make-certs`.
final class Certificates: Sendable {
    private let directory: TemporaryFolder

    var authority: String { directory.path + "/ca.pem" }
    var server: String { directory.path + "/server.pem" }
    var serverKey: String { directory.path + "/server.key" }

    func client(_ name: String) -> (certificate: String, key: String) {
        (directory.path + "/client-\(name).pem", directory.path + "/client-\(name).key")
    }

    private init() async throws {
        directory = try TemporaryFolder()
        try await run(.tool("make-certs"), ["--dir", directory.path, "--client", "alice"])
    }

    private static let made = Task { try await Certificates() }

    /// The ones that all tests share.
    static func shared() async throws -> Certificates {
        try await made.value
    }

    /// One more CA, which nobody trusts.
    static func ofAnotherAuthority() async throws -> Certificates {
        try await Certificates()
    }

    @discardableResult
    private func run(_ program: Program, _ arguments: [String]) async throws -> Ended {
        try await RunningProgram.run(
            program.path,
            arguments,
            environment: Program.environment(home: directory.path),
            directory: directory.path
        )
    }

    /// When a certificate is valid.
    enum Validity: Sendable {
        case now, past, future

        /// As `openssl ca` takes times.
        var days: (start: String, end: String) {
            switch self {
            case .now: ("20200101000000Z", "20991231000000Z")
            case .past: ("20200101000000Z", "20200201000000Z")
            case .future: ("20980101000000Z", "20981231000000Z")
            }
        }
    }

    /// Makes a server's certificate of any kind in `place`, signed by this CA, or by itself.
    /// - Returns: the path of a PEM with the certificate; its key lies beside it.
    func makeServer(
        in place: String,
        names: String = "DNS:localhost,IP:127.0.0.1,IP:::1",
        validity: Validity = .now,
        selfSigned: Bool = false
    ) async throws -> String {
        let configuration = place + "/leaf.conf"
        try Files.write(
            Array(
                """
                [ca]
                default_ca = own
                [own]
                database = \(place)/index.txt
                new_certs_dir = \(place)
                rand_serial = yes
                default_md = sha256
                policy = any
                [any]
                commonName = supplied
                [req]
                distinguished_name = name
                prompt = no
                x509_extensions = extensions
                [name]
                CN = fdl worker
                [extensions]
                basicConstraints = critical, CA:FALSE
                keyUsage = critical, digitalSignature
                extendedKeyUsage = serverAuth
                subjectKeyIdentifier = hash
                subjectAltName = \(names)

                """.utf8
            ),
            to: configuration
        )
        let (certificate, key, request) = (place + "/leaf.pem", place + "/leaf.key", place + "/leaf.csr")
        let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
        if selfSigned {
            let command = ["req", "-x509", "-config", configuration, "-days", "30", "-out", certificate]
            try await run(.system("openssl"), command + newKey)
            return certificate
        }
        try Files.write([], to: place + "/index.txt")
        let days = validity.days
        try await run(.system("openssl"), ["req", "-new", "-config", configuration, "-out", request] + newKey)
        try await run(
            .system("openssl"),
            [
                "ca", "-batch", "-notext", "-config", configuration, "-extensions", "extensions",
                "-cert", authority, "-keyfile", directory.path + "/ca.key",
                "-startdate", days.start, "-enddate", days.end, "-in", request, "-out", certificate,
            ]
        )
        try Files.write(Files.read(certificate) + Files.read(authority), to: certificate)
        return certificate
    }

    /// Writes this CA's list of certificates that are no longer good.
    func writeRevocations(of certificates: [String], to path: String, in scene: Scene) async throws {
        let place = scene.path("revocations")
        let configuration = place + "/ca.conf"
        try Files.write([], to: place + "/index.txt")
        try Files.write(
            Array("[ca]\ndefault_ca = own\n[own]\ndatabase = \(place)/index.txt\ndefault_md = sha256\n".utf8),
            to: configuration
        )
        let command = [
            "ca", "-config", configuration, "-cert", authority, "-keyfile", directory.path + "/ca.key",
        ]
        for certificate in certificates {
            try await run(.system("openssl"), command + ["-revoke", certificate])
        }
        try await run(.system("openssl"), command + ["-gencrl", "-crldays", "2", "-out", path])
    }

    /// The pin of a certificate's key, by the openssl program.
    static func pin(of certificate: String, in scene: Scene) async throws -> String {
        let script = """
            openssl x509 -in "$0" -noout -pubkey | openssl pkey -pubin -outform DER |
                openssl dgst -sha256 -binary | base64
            """
        let ended = try await scene.must(.system("sh"), ["-c", script, certificate], by: .stranger)
        return "sha256//" + ended.text.filter { !$0.isNewline }
    }
}
