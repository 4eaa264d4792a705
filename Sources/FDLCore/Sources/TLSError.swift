/// Why a TLS context cannot be made, or why a TLS connection was refused or ended.
public enum TLSError: Error, Sendable, Hashable {
    // MARK: Configuration: the files and names a person gave.

    /// There is no such certificate file.
    case certificateFileMissing(path: String)
    /// There is no such key file, and the certificate's own file holds no key either.
    case keyFileMissing(path: String)
    /// A file exists but cannot be read.
    case unreadableFile(path: String, reason: String)
    /// A file or a given text holds no PEM of the kind wanted, or a damaged one.
    case unreadablePEM(origin: String, reason: String)
    /// The authorities that a client was given hold no certificate, or a damaged one.
    case unreadableAuthorities(reason: String)
    /// The private key is encrypted; nobody is there to give the passphrase.
    case encryptedKey(path: String)
    /// The private key is not the one the certificate was made for.
    case keyOfAnotherCertificate(certificate: String, key: String)
    /// OpenSSL will not use the certificate or key, for instance because the key is too short.
    case unusableCertificate(path: String, reason: String)
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
    /// The certificate is signed by itself and is not among the trust roots.
    case selfSigned
    /// The certificate's chain does not end in one of the trust roots.
    case unknownAuthority
    case certificateRevoked
    /// Chain and name hold, but the public key is none of those pinned.
    case pinMismatch(presented: PublicKeyPin)
    /// Anything else that certificate verification refuses, in OpenSSL's words.
    case certificateRefused(reason: String)

    // MARK: The handshake and the connection.

    /// The peer ended the connection with an alert (RFC 8446 section 6.2).
    case peerAlert(TLSAlert)
    /// No TLS version both sides speak; this side speaks 1.2 and 1.3.
    case noSharedProtocol
    /// No cipher suite both sides speak.
    case noSharedCipher
    /// A client certificate is wanted and was not given.
    case clientCertificateRequired
    /// What came is not TLS, for instance plain HTTP.
    case notTLS
    /// The peer broke the protocol, in OpenSSL's words.
    case protocolViolation(reason: String)
    /// The peer closed the connection before the handshake was done.
    case closedDuringHandshake
    /// The handshake was not done in time.
    case handshakeTimeout
    /// The connection ended without close_notify: what came may lack its end (RFC 8446 section 6.1).
    case truncated
}

extension TLSError {
    /// Whether the fault lies in what this side was given, not in the peer or the connection.
    package var isConfiguration: Bool {
        switch self {
        case .certificateFileMissing, .keyFileMissing, .unreadableFile, .unreadablePEM, .unreadableAuthorities,
            .encryptedKey, .keyOfAnotherCertificate, .unusableCertificate, .invalidHost, .library:
            true
        case .certificateExpired, .certificateNotYetValid, .hostNameMismatch, .addressMismatch, .selfSigned,
            .unknownAuthority, .certificateRevoked, .pinMismatch, .certificateRefused, .peerAlert, .noSharedProtocol,
            .noSharedCipher, .clientCertificateRequired, .notTLS, .protocolViolation, .closedDuringHandshake,
            .handshakeTimeout, .truncated:
            false
        }
    }
}
