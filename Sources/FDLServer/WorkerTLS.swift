import FDLTLS

/// The files that a worker's TLS is made of, and its rules. All files are read again by `Worker.reloadCertificate`.
public struct WorkerTLS: Sendable, Hashable {
    /// PEM files, in each a certificate and the intermediate ones between it and its authority. Several may be of
    /// different kinds (RSA, ECDSA) or for different names; clients that ask for none get the first.
    public var certificates: [String]
    /// Private keys' PEM files, in any order. A certificate that none of them fits has its key in its own file, or
    /// beside it.
    public var privateKeys: [String] = []
    /// Responses of OCSP responders in DER, in any order. A certificate that none of them is about may have one beside
    /// it, `CERTIFICATE.ocsp`.
    public var ocspResponses: [String] = []
    /// A PEM file of authorities; if it is given, clients need a certificate of one of them.
    public var clientAuthority: String?
    /// Lists of those of the authorities' certificates that are revoked.
    public var clientRevocations: String?
    /// Patterns (`*`, `?`), one of which a client's common or alternative name has to match; empty to take all.
    public var clientNames: [String] = []
    /// Whether TLS 1.2 is refused.
    public var needsTLS13 = false

    public init(certificates: [String]) {
        self.certificates = certificates
    }

    var server: TLSServerConfiguration {
        var server = TLSServerConfiguration(certificateChainPaths: certificates)
        server.privateKeyPaths = privateKeys
        server.statusPaths = ocspResponses
        server.oldestVersion = needsTLS13 ? .tls13 : .tls12
        server.clients = clientAuthority.map {
            .init(authorityPath: $0, revocationListPath: clientRevocations, allowedNames: clientNames)
        }
        return server
    }
}
