extension TLSError: CustomStringConvertible {
    /// One sentence for a person, without a full stop.
    public var description: String {
        switch self {
        case .certificateFileMissing(let path): "there is no certificate file \(path)"
        case .keyFileMissing(let path): "there is no private key file \(path)"
        case .unreadableFile(let path, let reason): "cannot read \(path): \(reason)"
        case .unreadablePEM(let origin, let reason): "\(origin) is not readable PEM: \(reason)"
        case .encryptedKey(let path): "the private key \(path) is encrypted"
        case .keyOfAnotherCertificate(let certificate, let key):
            "the private key \(key) belongs to another certificate than \(certificate)"
        case .unusableCertificate(let path, let reason): "the certificate \(path) cannot be used: \(reason)"
        case .invalidHost(let host): "\(host) is neither a host name nor an IP address"
        case .library(let reason): "OpenSSL cannot be set up: \(reason)"
        case .certificateExpired: "the certificate has expired"
        case .certificateNotYetValid: "the certificate is not yet valid"
        case .hostNameMismatch(let host): "the certificate is not for the host name \(host)"
        case .addressMismatch(let address): "the certificate is not for the IP address \(address)"
        case .selfSigned: "the certificate is self-signed and not trusted"
        case .unknownAuthority: "the certificate is signed by an unknown authority"
        case .certificateRevoked: "the certificate is revoked"
        case .pinMismatch(let presented): "the certificate's public key \(presented) is not one of those pinned"
        case .certificateRefused(let reason): "the certificate is refused: \(reason)"
        case .peerAlert(let alert): "the other side ended the TLS connection: \(alert)"
        case .noSharedProtocol: "no TLS version in common: this side speaks TLS 1.2 and 1.3"
        case .noSharedCipher: "no TLS cipher suite in common"
        case .clientCertificateRequired: "a client certificate is required"
        case .notTLS: "the other side does not speak TLS"
        case .protocolViolation(let reason): "the other side broke the TLS protocol: \(reason)"
        case .closedDuringHandshake: "the connection was closed during the TLS handshake"
        case .handshakeTimeout: "the TLS handshake took too long"
        case .truncated: "the connection ended without TLS close_notify, so data may be missing"
        }
    }

    /// The error as a command reports it: exit code 78 where what was given is at fault, else 77.
    public var failure: Failure {
        Failure(isConfiguration ? .configuration : .tls, description, hint: hint)
    }

    private var hint: String? {
        switch self {
        case .certificateFileMissing, .unreadableFile: "check the path and its permissions"
        case .keyFileMissing: "name the private key's file, or append the key to the certificate's file"
        case .unreadablePEM: "give a PEM file with a certificate (and key), as openssl writes it"
        case .encryptedKey: "decrypt it into a file of mode 0600 with: openssl pkey -in KEY -out FILE"
        case .keyOfAnotherCertificate: "give the key that the certificate was made for"
        case .unusableCertificate: "make a new key and certificate with at least 2048 bits RSA or P-256"
        case .invalidHost: "check the spelling of the address"
        case .library: nil
        case .certificateExpired: "the server's operator has to renew it; check this machine's clock too"
        case .certificateNotYetValid: "check this machine's clock"
        case .hostNameMismatch, .addressMismatch: "use the name or address that the certificate was made for"
        case .selfSigned, .unknownAuthority: "give the certificate of its authority, after checking whose it is"
        case .certificateRevoked: "the server's operator has to replace it"
        case .pinMismatch: "ask the server's operator for the pin of the new key, and compare"
        case .certificateRefused: "the server's operator has to replace it"
        case .clientCertificateRequired: "give a certificate and key that the server's operator has issued"
        case .notTLS: "check host and port"
        default: nil
        }
    }
}
