/// Why a source did not give what it was asked for. Faults of this machine (disk full, permission) are never among
/// these.
public enum SourceError: Error, Hashable, Sendable {
    /// No connection to the source could be opened.
    case unreachable(Unreachable)
    /// Either side refused the TLS handshake (an expired certificate, an unknown CA, a pin), or TLS failed later.
    case tls(TLSError)
    /// No connection, no first byte, or hardly a further byte within the time allowed.
    case timeout(String)
    /// The connection ended before the answer was complete, with or without close_notify.
    case closedEarly(String)
    /// The source lacks the chunk or document: 404 or 410.
    case lacking
    /// 408, 429 or 5xx; `retryAfter` if the answer asked for a pause (RFC 9110 section 10.2.3).
    case status(Int, retryAfter: Duration?)
    /// An answer that does not fit the request: another status, a wrong or absent Content-Range, a wrong length, an
    /// encoding that was not asked for, too many or too long headers.
    case protocolViolation(String)
    /// A page of HTML instead of what was asked for: of so many bytes, if that is known.
    case webPage(bytes: Int?)
    /// A redirect that is not followed.
    case redirects(RedirectFault)
    /// What went wrong where the source's redirects have led. It is the source's fault all the same.
    indirect case led(to: TargetURL, SourceError)
    /// Bytes whose digest is not the manifest's.
    case corrupt
    /// A compressed answer that does not decode to the chunk: truncated, too long, or with trailing bytes.
    case undecodable(String)
    /// The source refuses access: 401, 403 or 407.
    case forbidden(Int)
    /// A proxy was in the way: the source was never asked.
    case proxy(ProxyFault)
    /// A registry wants a token, and there is none that it takes.
    case token(TokenFault)

    /// Why no connection could be opened.
    public enum Unreachable: Hashable, Sendable {
        /// The host name has no address.
        case noAddress(host: String)
        /// The host is there, but nothing listens on the port.
        case refused
        /// Anything else, in the system's words, such as "No route to host".
        case other(String)
    }
}

extension SourceError {
    /// What went wrong, wherever that was.
    package var cause: SourceError {
        if case .led(_, let error) = self { error.cause } else { self }
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
        case .webPage(let bytes): "sent a web page\(bytes.map { $0 == 1 ? " of 1 byte" : " of \($0) bytes" } ?? "")"
        case .redirects(let fault): "\(fault)"
        case .led(let target, let error): "led to \(target): \(error)"
        case .protocolViolation(let what): "broke the protocol: \(what)"
        case .corrupt: "sent bytes whose SHA-256 is not the manifest's"
        case .undecodable(let what): "sent compressed data that does not decode: \(what)"
        case .forbidden(let code): "refused access (\(code))"
        case .proxy(let fault): "\(fault)"
        case .token(let fault): "\(fault)"
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
