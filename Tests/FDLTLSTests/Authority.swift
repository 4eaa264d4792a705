import FDLCore
import FDLTLS
import Foundation
import TestSupport

/// A certificate authority in a temporary directory, run by the openssl program.
final class Authority: Sendable {
    /// A certificate with its key, both PEM files.
    struct Identity: Sendable {
        let certificate: String
        let key: String
    }

    private let folder: TemporaryFolder
    var directory: String { folder.path }
    /// The authority's own certificate.
    var certificate: String { path("ca.pem") }
    var certificateBytes: [UInt8] {
        get throws { try folder.read("ca.pem") }
    }

    init() async throws {
        folder = try TemporaryFolder()
        try folder.write([], "index.txt")
        let configuration = """
            [ca]
            default_ca = this
            [this]
            dir = \(folder.path)
            database = $dir/index.txt
            new_certs_dir = $dir
            rand_serial = yes
            certificate = $dir/ca.pem
            private_key = $dir/ca.key
            default_md = sha256
            policy = any
            unique_subject = no
            default_days = 30
            [any]
            commonName = supplied
            """
        try folder.write(Array(configuration.utf8), "ca.cnf")
        try await newKey("ca.key")
        try await openssl(
            "req",
            "-x509",
            "-key",
            "ca.key",
            "-out",
            "ca.pem",
            "-days",
            "30",
            "-subj",
            "/CN=Test Authority",
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign"
        )
    }

    func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    /// Issues a certificate.
    /// - Parameters:
    ///   - names: subjectAltName, in openssl's notation.
    ///   - from: the first moment it is valid, `YYYYMMDDHHMMSSZ`.
    func issue(
        _ name: String = "server",
        names: String = "DNS:localhost,IP:127.0.0.1,IP:::1",
        usage: String = "serverAuth",
        isRSA: Bool = false,
        from start: String? = nil,
        to end: String? = nil
    ) async throws -> Identity {
        if isRSA {
            try await openssl("genrsa", "-out", "\(name).key", "2048")
        } else {
            try await newKey("\(name).key")
        }
        try await openssl("req", "-new", "-key", "\(name).key", "-out", "\(name).csr", "-subj", "/CN=localhost")
        let extensions = """
            basicConstraints = critical,CA:FALSE
            keyUsage = critical,digitalSignature
            extendedKeyUsage = \(usage)
            subjectAltName = \(names)
            """
        try folder.write(Array(extensions.utf8), "\(name).ext")
        var arguments = [
            "ca", "-batch", "-notext", "-config", "ca.cnf", "-in", "\(name).csr", "-out", "\(name).pem",
            "-extfile", "\(name).ext",
        ]
        if let start { arguments += ["-startdate", start] }
        if let end { arguments += ["-enddate", end] }
        try await RunningProgram.run("openssl", arguments, directory: directory)
        return Identity(certificate: path("\(name).pem"), key: path("\(name).key"))
    }

    /// Says that a certificate is no longer good.
    func revoke(_ identity: Identity) async throws {
        try await openssl("ca", "-config", "ca.cnf", "-revoke", identity.certificate)
    }

    /// Writes the list of those that are no longer good.
    /// - Parameter days: how long it lasts; negative for one that is over.
    /// - Returns: its path.
    func revocations(_ name: String = "ca.crl", days: Int = 1) async throws -> String {
        let times =
            days < 0
            ? ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200102000000Z"] : ["-crldays", "\(days)"]
        try await RunningProgram.run(
            "openssl",
            ["ca", "-config", "ca.cnf", "-gencrl", "-out", name] + times,
            directory: directory
        )
        return path(name)
    }

    /// Writes what an OCSP responder of this authority says of a certificate.
    /// - Returns: its path.
    func status(of identity: Identity, as name: String = "status.der", isOver: Bool = false) async throws -> String {
        try await openssl(
            "ocsp",
            "-issuer",
            "ca.pem",
            "-cert",
            identity.certificate,
            "-no_nonce",
            "-reqout",
            "status.req"
        )
        let responding = [
            "openssl", "ocsp", "-index", "index.txt", "-rsigner", "ca.pem", "-rkey", "ca.key", "-CA", "ca.pem",
            "-reqin",
            "status.req", "-respout", name, "-ndays", "1",
        ]
        // A responder takes its clock's time.
        let command = isOver ? ["faketime", "-f", "-9d"] + responding : responding
        try await RunningProgram.run(command[0], Array(command.dropFirst()), directory: directory)
        return path(name)
    }

    /// An authority below this one, and a server's certificate of it, whose file holds that certificate alone.
    func issueByIntermediate() async throws -> (intermediate: Identity, leaf: Identity) {
        func sign(_ name: String, by issuer: String, _ extensions: String) async throws -> Identity {
            try await newKey("\(name).key")
            try await openssl("req", "-new", "-key", "\(name).key", "-out", "\(name).csr", "-subj", "/CN=\(name)")
            try folder.write(Array(extensions.utf8), "\(name).ext")
            let command = [
                "x509", "-req", "-in", "\(name).csr", "-CA", "\(issuer).pem", "-CAkey", "\(issuer).key", "-days", "30",
                "-extfile", "\(name).ext", "-out", "\(name).pem",
            ]
            try await RunningProgram.run("openssl", command, directory: directory)
            return Identity(certificate: path("\(name).pem"), key: path("\(name).key"))
        }
        let middle = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
        let end = "basicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost\n"
        let intermediate = try await sign("middle", by: "ca", middle)
        return (intermediate, try await sign("leaf", by: "middle", end))
    }

    /// A certificate that signs itself.
    func selfSigned(_ name: String = "self") async throws -> Identity {
        try await newKey("\(name).key")
        try await openssl(
            "req",
            "-x509",
            "-key",
            "\(name).key",
            "-out",
            "\(name).pem",
            "-days",
            "30",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1"
        )
        return Identity(certificate: path("\(name).pem"), key: path("\(name).key"))
    }

    /// A server's context that shows `identity`.
    func server(_ identity: Identity, clientAuthority: String? = nil) throws -> TLSContext {
        try TLSContext.server(
            TLSServerConfiguration(
                certificateChainPath: identity.certificate,
                clientCertificateAuthorityPath: clientAuthority
            )
        )
    }

    /// A client's context that trusts this authority.
    func client(showing identity: Identity? = nil, pins: [String] = []) throws -> TLSContext {
        try TLSContext.client(
            TLSClientConfiguration(
                trustRoots: .pem(try certificateBytes),
                pins: pins.compactMap { PublicKeyPin($0) },
                certificateChainPath: identity?.certificate
            )
        )
    }

    /// The pin of a key, as openssl computes it.
    func pin(ofKey key: String) async throws -> String {
        try await openssl("pkey", "-in", key, "-pubout", "-outform", "DER", "-out", "spki.der")
        try await openssl("dgst", "-sha256", "-binary", "-out", "spki.sha256", "spki.der")
        let digest = Data(try folder.read("spki.sha256"))
        return "sha256//" + digest.base64EncodedString()
    }

    @discardableResult
    func openssl(_ arguments: String...) async throws -> Ended {
        try await RunningProgram.run("openssl", arguments, directory: directory)
    }

    func newKey(_ name: String) async throws {
        try await openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name)
    }
}
