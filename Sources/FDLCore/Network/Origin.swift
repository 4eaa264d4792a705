/// The server behind an `https` URL: its host and port (RFC 6454; the scheme is always the same). Secrets are given to
/// an origin, never to a host alone, because another port may be another server.
public struct Origin: Hashable, Sendable, CustomStringConvertible {
    /// A DNS name in lower case, an IPv4 address, or an IPv6 address without its brackets.
    public let host: String
    /// From 1 to 65535.
    public let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Host and port as in a URL and in a Host header: the port only if it is not 443.
    public var authority: String {
        let host = host.contains(":") ? "[\(host)]" : host
        return port == 443 ? host : "\(host):\(port)"
    }

    /// As in a URL: `https://HOST:PORT`.
    public var description: String { "https://\(authority)" }
}
