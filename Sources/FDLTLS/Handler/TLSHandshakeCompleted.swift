package import FDLCore

/// A version of the TLS protocol.
package enum TLSVersion: String, Sendable, Hashable {
    case tls12 = "TLSv1.2"
    case tls13 = "TLSv1.3"
}

/// The user event a `TLSHandler` fires inbound once the peer is authenticated and data may flow.
package struct TLSHandshakeCompleted: Sendable, Hashable {
    package let version: TLSVersion
    /// OpenSSL's name of the cipher suite.
    package let cipher: String
    /// Whether an earlier session was resumed.
    package let resumed: Bool
    /// The pin of the peer's key; nil if the peer (a client) has shown no certificate.
    package let peerPin: PublicKeyPin?
    /// When the peer's certificate runs out; nil likewise.
    package var certificateEnd: UTCTime?
    /// The subject of a client's certificate, as RFC 4514 writes it; nil if it has shown none, and on a client.
    package var peerSubject: String?
}
