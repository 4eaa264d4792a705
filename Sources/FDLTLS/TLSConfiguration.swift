public import FDLCore

/// What a server shows and what it asks of its clients.
package struct TLSServerConfiguration: Sendable {
    /// A PEM file: the server's certificate first, then the intermediate ones up to (not including) the root.
    package var certificateChainPath: String
    /// A PEM file with the private key. If nil, the key is looked for in the certificate's file, then beside it
    /// (`server.pem` → `server.key`).
    package var privateKeyPath: String?
    /// A PEM file of authorities. If given, a client has to show a certificate that one of them issued.
    package var clientCertificateAuthorityPath: String?

    package init(
        certificateChainPath: String,
        privateKeyPath: String? = nil,
        clientCertificateAuthorityPath: String? = nil
    ) {
        self.certificateChainPath = certificateChainPath
        self.privateKeyPath = privateKeyPath
        self.clientCertificateAuthorityPath = clientCertificateAuthorityPath
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
