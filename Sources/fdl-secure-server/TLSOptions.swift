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

    func validate() throws {
        guard !cert.isEmpty else {
            throw ValidationError("Missing expected argument '--cert <file>'")
        }
        guard clientCA != nil || (clientCRL == nil && clientName.isEmpty) else {
            let option = clientCRL == nil ? "--client-name" : "--client-crl"
            throw ValidationError("\(option) needs --client-ca: without it nobody shows a certificate")
        }
    }

    var tls: WorkerTLS {
        var tls = WorkerTLS(certificates: cert)
        tls.privateKeys = key
        tls.ocspResponses = ocsp
        tls.clientAuthority = clientCA
        tls.clientRevocations = clientCRL
        tls.clientNames = clientName
        tls.needsTLS13 = needsTLS13
        return tls
    }
}
