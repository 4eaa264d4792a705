public import FDLCore

/// What a server shows and what it asks of its clients.
package struct TLSServerConfiguration: Sendable {
    /// PEM files: in each the server's certificate first, then the intermediate ones up to (not including) the root.
    /// Which is shown depends on the name that a client asks for and on the kinds of keys it knows; the first one's is
    /// the site of those who ask for no name, or for another.
    package var certificateChainPaths: [String]
    /// PEM files with private keys, in any order. The key of a certificate that none of them fits is looked for in the
    /// certificate's file, then beside it (`server.pem` → `server.key`).
    package var privateKeyPaths: [String] = []
    /// Responses of OCSP responders (RFC 6960, DER), in any order. That of a certificate that none of them is about is
    /// looked for beside it (`server.pem` → `server.pem.ocsp`).
    package var statusPaths: [String] = []
    /// Whom it serves; nil for everybody.
    package var clients: ClientRules?
    package var oldestVersion = TLSVersion.tls12

    /// Which clients' certificates are accepted.
    package struct ClientRules: Sendable {
        /// A PEM file of authorities: a client has to show a certificate that one of them issued.
        package var authorityPath: String
        /// A file, PEM or DER, of lists of revoked certificates. A certificate whose authority has no current list there
        /// is refused.
        package var revocationListPath: String?
        /// Patterns with `*` and `?`. If there are any, one has to match the certificate's common name or one of its
        /// alternative names (DNS, e-mail, URI); upper and lower case are the same.
        package var allowedNames: [String]

        package init(authorityPath: String, revocationListPath: String? = nil, allowedNames: [String] = []) {
            self.authorityPath = authorityPath
            self.revocationListPath = revocationListPath
            self.allowedNames = allowedNames
        }
    }

    package init(certificateChainPaths: [String]) {
        self.certificateChainPaths = certificateChainPaths
    }

    /// A server with one certificate.
    package init(
        certificateChainPath: String,
        privateKeyPath: String? = nil,
        clientCertificateAuthorityPath: String? = nil
    ) {
        self.certificateChainPaths = [certificateChainPath]
        self.privateKeyPaths = privateKeyPath.map { [$0] } ?? []
        self.clients = clientCertificateAuthorityPath.map { ClientRules(authorityPath: $0) }
    }
}

/// Whom a client trusts, and what it shows.
public struct TLSClientConfiguration: Sendable {
    /// The authorities a server's chain has to end in.
    public enum TrustRoots: Sendable {
        /// Those of the system, as OpenSSL finds them (`SSL_CERT_FILE` and `SSL_CERT_DIR` included).
        case system
        /// Only these: one or more certificates in PEM.
        case pem([UInt8])
        /// These and the system's.
        case systemAnd(pem: [UInt8])
    }

    public var trustRoots: TrustRoots
    /// If not empty, the server's key has to be one of these, on top of chain and name.
    public var pins: [PublicKeyPin]
    /// If not empty, the server's own certificate must have one of these keys. They replace `pins` and the check of chain,
    /// name and dates.
    package var leafPins: [PublicKeyPin] = []
    /// A PEM file with the client's certificate and its intermediate ones, shown to servers that ask.
    public var certificateChainPath: String?
    /// A PEM file with the client's private key. If nil, the key is looked for as a server's is.
    public var privateKeyPath: String?

    public init(
        trustRoots: TrustRoots = .system,
        pins: [PublicKeyPin] = [],
        certificateChainPath: String? = nil,
        privateKeyPath: String? = nil
    ) {
        self.trustRoots = trustRoots
        self.pins = pins
        self.certificateChainPath = certificateChainPath
        self.privateKeyPath = privateKeyPath
    }
}
