/// Why a TLS context cannot be made, or why a TLS connection was refused or ended.
public enum TLSError: Error, Sendable, Hashable {
    // MARK: Configuration: the files and names that a person gave.

    /// There is no such certificate file.
    case certificateFileMissing(path: String)
    /// There is no such key file, and the certificate's own file holds no key either.
    case keyFileMissing(path: String)
    /// A file exists but cannot be read.
    case unreadableFile(path: String, FileFault)
    /// A file or a given text holds no PEM of the wanted kind, or a damaged one.
    case unreadablePEM(origin: String, reason: String)
    /// The authorities that a client was given hold no certificate, or a damaged one.
    case unreadableAuthorities(reason: String)
    /// The private key is encrypted. A passphrase cannot be given.
    case encryptedKey(path: String)
    /// The private key does not belong to the certificate.
    case keyOfAnotherCertificate(certificate: String, key: String)
    /// OpenSSL refuses the certificate or key, for instance because the key is too short.
    case unusableCertificate(path: String, reason: String)
    /// The response of an OCSP responder (RFC 6960) cannot be handed out.
    case unusableStatus(path: String, reason: String)
    /// The response of an OCSP responder is about another certificate than those given.
    case statusOfAnotherCertificate(path: String)
    /// The list of revoked client certificates (RFC 5280 section 5) cannot be used.
    case unusableRevocationList(path: String, reason: String)
    /// The name is neither a DNS name nor an IP address.
    case invalidHost(String)
    /// OpenSSL could not be set up: out of memory, or a broken installation.
    case library(reason: String)

    // MARK: The peer's certificate (RFC 5280, RFC 9525).

    case certificateExpired
    case certificateNotYetValid
    /// The certificate is for other names than this one.
    case hostNameMismatch(String)
    /// The certificate is for other addresses than this one.
    case addressMismatch(String)
    /// The certificate is self-signed and not among the trust roots.
    case selfSigned
    /// The certificate's chain does not end in one of the trust roots.
    case unknownAuthority
    case certificateRevoked
    /// Chain and name are right, but the public key is not a pinned one.
    case pinMismatch(presented: PublicKeyPin)
    /// Anything else that certificate verification refuses, in OpenSSL's words.
    case certificateRefused(reason: String)

    // MARK: The handshake and the connection.

    /// The peer ended the connection with an alert (RFC 8446 section 6.2).
    case peerAlert(TLSAlert)
    /// The two sides have no TLS version in common; this side speaks 1.2 and 1.3.
    case noSharedProtocol
    /// The two sides have no cipher suite in common.
    case noSharedCipher
    /// A client certificate is required and was not given.
    case clientCertificateRequired
    /// The client's certificate holds, but none of its names is one of those allowed.
    case clientNotAllowed(names: [String])
    /// So many handshakes wait for their turn that this one was turned away.
    case tooManyHandshakes
    /// The peer does not speak TLS but, for instance, plain HTTP.
    case notTLS
    /// The peer broke the protocol, in OpenSSL's words.
    case protocolViolation(reason: String)
    /// The peer closed the connection before the handshake was done.
    case closedDuringHandshake
    /// The handshake did not finish in time.
    case handshakeTimeout
    /// The connection ended without close_notify, so the end of the data may be missing (RFC 8446 section 6.1).
    case truncated

    /// Why a file that exists cannot be read.
    public enum FileFault: Sendable, Hashable {
        case permissionDenied
        case directory
        /// Another reason, in the system's words.
        case other(String)
    }
}

extension TLSError {
    /// Whether this side's configuration is at fault, not the peer or the connection.
    package var isConfiguration: Bool {
        switch self {
        case .certificateFileMissing, .keyFileMissing, .unreadableFile, .unreadablePEM, .unreadableAuthorities,
            .encryptedKey, .keyOfAnotherCertificate, .unusableCertificate, .unusableStatus,
            .statusOfAnotherCertificate, .unusableRevocationList, .invalidHost, .library:
            true
        case .certificateExpired, .certificateNotYetValid, .hostNameMismatch, .addressMismatch, .selfSigned,
            .unknownAuthority, .certificateRevoked, .pinMismatch, .certificateRefused, .peerAlert, .noSharedProtocol,
            .noSharedCipher, .clientCertificateRequired, .clientNotAllowed, .tooManyHandshakes, .notTLS,
            .protocolViolation, .closedDuringHandshake, .handshakeTimeout, .truncated:
            false
        }
    }
}
