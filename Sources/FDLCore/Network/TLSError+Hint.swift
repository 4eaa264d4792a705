extension TLSError: CustomStringConvertible {
    /// One sentence for a person, without a full stop.
    public var description: String {
        switch self {
        case .certificateFileMissing(let path): "there is no certificate file \(path)"
        case .keyFileMissing(let path): "there is no private key file \(path)"
        case .unreadableFile(let path, let fault): "cannot read \(path): \(fault)"
        case .unreadablePEM(let origin, let reason): "\(origin) is not readable PEM: \(reason)"
        case .unreadableAuthorities(let reason): "the list of trusted authorities is not readable PEM: \(reason)"
        case .encryptedKey(let path): "the private key \(path) is encrypted"
        case .keyOfAnotherCertificate(let certificate, let key):
            "the private key \(key) belongs to another certificate than \(certificate)"
        case .unusableCertificate(let path, let reason): "the certificate \(path) cannot be used: \(reason)"
        case .unusableStatus(let path, let reason): "the OCSP response \(path) cannot be used: \(reason)"
        case .statusOfAnotherCertificate(let path):
            "the OCSP response \(path) is about none of the certificates given"
        case .unusableRevocationList(let path, let reason):
            "the certificate revocation list \(path) cannot be used: \(reason)"
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
        case .clientNotAllowed(let names):
            "the client's certificate is for \(names.isEmpty ? "nobody" : names.joined(separator: ", ")), and that is not "
                + "allowed here"
        case .tooManyHandshakes: "too many TLS handshakes wait for their turn"
        case .notTLS: "the other side does not speak TLS"
        case .protocolViolation(let reason): "the other side broke the TLS protocol: \(reason)"
        case .closedDuringHandshake: "the connection was closed during the TLS handshake"
        case .handshakeTimeout: "the TLS handshake took too long"
        case .truncated: "the connection ended without TLS close_notify, so data may be missing"
        }
    }
}

extension TLSError: Explained {
    /// The failure if no option but the source's URL was given. Its exit code is 78 if the configuration is at fault,
    /// otherwise 77.
    public var failure: Failure { failure(in: SourceContext()) }

    /// The failure of a command that ends with this error.
    package func failure(in context: SourceContext) -> Failure {
        Failure(isConfiguration ? .configuration : .tls, description, hint: hint(in: context))
    }

    /// What to do about the error. Hints for configuration errors fit the options of a reader and of a worker's
    /// operator. The others speak to a reader, because a worker only logs errors of connections.
    package func hint(in context: SourceContext) -> String {
        switch self {
        case .certificateFileMissing: "check the path"
        case .unreadableFile(_, .permissionDenied):
            "let this program's user read it (chmod, chown or setfacl) and enter the directories above it"
        case .unreadableFile(_, .directory): "name the file in it that is meant"
        case .unreadableFile: "check the file and the disk it is on"
        case .keyFileMissing:
            "check the path: the key is the file of --key, or stands in the certificate's file, or lies beside it"
        case .unreadablePEM: "give a PEM file with a certificate (and key), as openssl writes it"
        case .unreadableAuthorities where context.authorities == .manifest:
            "ask the publisher for a manifest with a certificate that can be read, or name the CA's with --cacert"
        case .unreadableAuthorities: "give --cacert a PEM file with the CA's certificate, as openssl writes it"
        case .encryptedKey: "decrypt it into a file of mode 0600 with: openssl pkey -in KEY -out FILE"
        case .keyOfAnotherCertificate: "give the key that the certificate was made for, with --key"
        case .unusableCertificate: "make a new key and certificate with at least 2048 bits RSA or P-256"
        case .unusableStatus, .statusOfAnotherCertificate:
            "ask the certificate's OCSP responder again: openssl ocsp -issuer CHAIN -cert CERT -url URL -respout FILE"
        case .unusableRevocationList: "get the list again from the authority that issues the clients' certificates"
        case .invalidHost: "check the spelling of the address"
        case .library: "check the installation of OpenSSL (openssl version -a) and its settings (OPENSSL_CONF)"
        case .certificateExpired:
            "check this machine's clock; if it is right, the server's operator has to renew the certificate"
        case .certificateNotYetValid:
            "check this machine's clock; if it is right, the server's operator has to take a certificate that is valid now"
        case .hostNameMismatch, .addressMismatch:
            "use the name or address that the certificate was made for, or have the server's operator get one for this"
        case .selfSigned, .unknownAuthority: authorityHint(context.authorities)
        case .certificateRevoked, .certificateRefused: "the server's operator has to replace the certificate"
        case .pinMismatch: pinHint(context.use)
        case .peerAlert(let alert): Self.hint(of: alert, context)
        case .noSharedProtocol: "the server's operator has to allow TLS 1.2 or 1.3"
        case .noSharedCipher: "the server's operator has to allow ECDHE with AES-GCM or ChaCha20-Poly1305"
        case .clientCertificateRequired, .clientNotAllowed: Self.certificateHint(context)
        case .notTLS: "check host and port, and that TLS is spoken there"
        case .protocolViolation: "check host and port; something on the way may answer in the server's place"
        case .closedDuringHandshake, .handshakeTimeout, .tooManyHandshakes, .truncated:
            "try again later, or \(context.elsewhere)"
        }
    }

    private func authorityHint(_ authorities: SourceContext.Authorities) -> String {
        switch (authorities, self) {
        case (.given, .selfSigned):
            "the file of --cacert lacks this certificate: compare it with what the server's operator says it is"
        case (.given, _):
            "the CA of --cacert is another one: ask the server's operator which is right"
        case (.manifest, _):
            "neither this machine nor the manifest knows who issued it: name its private CA with --cacert, after checking "
                + "whose it is"
        case (.systemForSecrets, _):
            "a login or a token goes to no server that only the manifest's CA vouches for: name that CA with --cacert, "
                + "after checking whose it is"
        case (.system, .selfSigned):
            "if the server has made it itself, take the pin of its key from whoever runs it (--pin), or the certificate "
                + "(--cacert)"
        case (.system, _):
            "if the server has a private CA, name that with --cacert, after checking whose it is"
        }
    }

    private func pinHint(_ use: SourceContext.Use) -> String {
        let pins =
            switch use {
            case .chunks: "those of --pin and the manifest"
            case .manifest: "those of --pin"
            }
        return "ask the server's operator for the pin of its key, and compare it with \(pins)"
    }

    private static func hint(of alert: TLSAlert, _ context: SourceContext) -> String {
        switch alert {
        case .badCertificate, .unsupportedCertificate, .certificateRevoked, .certificateExpired, .certificateUnknown,
            .unknownAuthority, .accessDenied, .certificateRequired, .handshakeFailure:
            certificateHint(context)
        case .unrecognizedName: "check the host's name: the server does not know it"
        case .protocolVersion: TLSError.noSharedProtocol.hint(in: context)
        default: "ask the server's operator what its log says of it, or \(context.elsewhere)"
        }
    }

    private static func certificateHint(_ context: SourceContext) -> String {
        context.showsCertificate
            ? "ask the server's operator which client certificates it takes: not the one of --cert"
            : "show a client certificate that the server's operator has issued, with --cert and --key"
    }
}

extension TLSError.FileFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .permissionDenied: "Permission denied"
        case .directory: "it is a directory"
        case .other(let reason): reason
        }
    }
}
