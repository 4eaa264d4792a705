import FDLCore

/// Why a TLS handshake failed, to count by: few kinds, whatever clients do.
enum HandshakeFault: String, Sendable, Hashable {
    case timeout
    case closed
    case notTLS = "not_tls"
    case version
    case cipher
    case certificateRequired = "certificate_required"
    case certificateRefused = "certificate_refused"
    /// The client has refused us: an authority that it does not know, a name that does not fit.
    case alert
    case protocolViolation = "protocol"
    case other

    init(_ error: TLSError) {
        self =
            switch error {
            case .handshakeTimeout: .timeout
            case .closedDuringHandshake, .truncated: .closed
            case .notTLS: .notTLS
            case .noSharedProtocol: .version
            case .noSharedCipher: .cipher
            case .clientCertificateRequired: .certificateRequired
            case .certificateExpired, .certificateNotYetValid, .selfSigned, .unknownAuthority, .certificateRevoked,
                .certificateRefused:
                .certificateRefused
            case .peerAlert: .alert
            case .protocolViolation: .protocolViolation
            default: .other
            }
    }
}
