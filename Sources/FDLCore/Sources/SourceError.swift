/// What a source did wrong. A local fault (disk full, permission) is never one of these.
public enum SourceError: Error, Hashable, Sendable {
    /// There is no way to it.
    case unreachable(Unreachable)
    /// The TLS handshake was refused on either side: an expired certificate, an unknown CA, a pin …
    case tls(TLSError)
    /// Not connected, no first byte, or no further byte within the time allowed.
    case timeout(String)
    /// The connection ended before the answer did, with or without close_notify.
    case closedEarly(String)
    /// The source does not have the chunk: 404 or 410.
    case lacking
    /// 408, 429 or a 5xx; `retryAfter` where the answer asked for a pause (RFC 9110 section 10.2.3).
    case status(Int, retryAfter: Duration?)
    /// An answer outside what was asked: another status, a wrong or absent Content-Range, a wrong length, an encoding
    /// not asked for, too many or too long headers.
    case protocolViolation(String)
    /// Leads elsewhere, by a status of 300 to 399 other than 304. Redirects are never followed.
    case redirects(Int)
    /// Bytes whose digest is not the manifest's.
    case corrupt
    /// The compressed form does not decode to the chunk: truncated, over-long, trailing bytes.
    case undecodable(String)
    /// The source wants credentials: 401, 403, 407.
    case forbidden(Int)

    /// Why there is no way to a source.
    public enum Unreachable: Hashable, Sendable {
        /// The host's name has no address.
        case noAddress(host: String)
        /// The host is there, and nothing listens at the port.
        case refused
        /// Anything else, in the system's words: no route to it …
        case other(String)
    }
}

extension SourceError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreachable(let why): "unreachable: \(why)"
        case .tls(let why): "TLS: \(why)"
        case .timeout(let what): "timed out: \(what)"
        case .closedEarly(let what): "closed early: \(what)"
        case .lacking: "does not have it"
        case .status(let code, _): "answered \(code)"
        case .redirects(let code): "redirects (\(code)), which is never followed"
        case .protocolViolation(let what): "broke the protocol: \(what)"
        case .corrupt: "sent bytes whose SHA-256 is not the manifest's"
        case .undecodable(let what): "sent compressed data that does not decode: \(what)"
        case .forbidden(let code): "refused access (\(code))"
        }
    }
}

extension SourceError.Unreachable: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noAddress(let host): "the name \(host) has no address"
        case .refused: "Connection refused"
        case .other(let reason): reason
        }
    }
}
