import ArgumentParser
import FDLServer

/// What the worker shows its clients, and whom it serves.
struct TLSOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            PEM file of the server's certificate, with those between it and its authority; may be repeated: an RSA and \
            an ECDSA one side by side, or one for each name.
            """,
            valueName: "file"
        ),
        completion: .file()
    )
    var cert: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            PEM file of a private key; may be repeated, in any order. Default: in the certificate's file, or beside it.
            """,
            valueName: "file"
        ),
        completion: .file()
    )
    var key: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            An OCSP response (DER) to hand out with the certificate that it is about; may be repeated. Default: \
            CERTIFICATE.ocsp, if there is one.
            """,
            valueName: "file"
        ),
        completion: .file()
    )
    var ocsp: [String] = []

    @Option(
        name: .customLong("client-ca"),
        help: ArgumentHelp("PEM file of the authority whose certificates clients must show.", valueName: "file"),
        completion: .file()
    )
    var clientCA: String?

    @Option(
        name: .customLong("client-crl"),
        help: ArgumentHelp("File of that authority's revoked certificates (PEM or DER).", valueName: "file"),
        completion: .file()
    )
    var clientCRL: String?

    @Option(
        help: ArgumentHelp(
            """
            Serve only clients whose certificate has such a name (* and ? stand for any), as its common name or an \
            alternative one; may be repeated.
            """,
            valueName: "glob"
        )
    )
    var clientName: [String] = []

    @Flag(name: .customLong("tls13-only"), help: "Refuse TLS 1.2.")
    var needsTLS13 = false

    @Flag(
        help: """
            Make a key and a certificate on the first start, and say where they are and by which pin readers know them.
            """
    )
    var selfSigned = false

    @Flag(
        help: """
            Tell browsers to speak TLS alone with this host for a year: on all its ports, and for all that runs there.
            """
    )
    var hsts = false

    func validate() throws {
        guard selfSigned || !cert.isEmpty else {
            throw ValidationError(
                "Missing expected argument '--cert <file>': name one, or have one made by --self-signed"
            )
        }
        guard !selfSigned || (cert.isEmpty && key.isEmpty) else {
            throw ValidationError("--self-signed makes a certificate and a key: leave --cert and --key out")
        }
        guard clientCA != nil || (clientCRL == nil && clientName.isEmpty) else {
            let option = clientCRL == nil ? "--client-name" : "--client-crl"
            throw ValidationError("\(option) needs --client-ca: without it nobody shows a certificate")
        }
    }

    /// - Parameter own: the path of the certificate that the worker has made itself.
    func tls(own: String?) -> WorkerTLS {
        var tls = WorkerTLS(certificates: cert + (own.map { [$0] } ?? []))
        tls.privateKeys = key
        tls.ocspResponses = ocsp
        tls.clientAuthority = clientCA
        tls.clientRevocations = clientCRL
        tls.clientNames = clientName
        tls.needsTLS13 = needsTLS13
        return tls
    }
}
