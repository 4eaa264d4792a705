/// The address of a source: an `https` URL (RFC 3986) with a host and without userinfo and fragment.
///
/// `path` always begins and ends with `/`, so that a relative reference can be appended. Only the
/// reader can give a query; it is secret, and the URL is printed without it.
public struct SourceURL: Hashable, Sendable {
    /// Its host and port.
    public let origin: Origin
    /// Percent-encoded as given; begins and ends with `/`.
    public let path: String
    /// Sent with each request after a `?`, percent-encoded as given; nil if there is none.
    public let query: SecretText?

    /// - Parameter allowingQuery: whether a query may follow the path. In a manifest it may not: there it is no secret.
    /// - Throws: `SourceURLError`: the first rule that the text breaks.
    public init(_ text: String, allowingQuery: Bool = false) throws(SourceURLError) {
        let bytes = Array(text.utf8)
        guard bytes.allSatisfy({ (0x21...0x7e).contains($0) }), !text.contains("\\") else { throw .invalidCharacter }
        let scheme = "https://"
        guard text.lowercased().hasPrefix(scheme) else { throw .notHTTPS }
        let rest = text.dropFirst(scheme.count)
        guard !rest.contains("#") else { throw .fragment }
        let mark = rest.firstIndex(of: "?")
        guard mark == nil || allowingQuery else { throw .query }
        let address = rest[..<(mark ?? rest.endIndex)]
        let query = mark.map { rest[rest.index(after: $0)...] } ?? ""
        self.query = query.isEmpty ? nil : SecretText(String(query))
        let slash = address.firstIndex(of: "/") ?? address.endIndex
        let authority = address[..<slash]
        guard !authority.contains("@") else { throw .userinfo }
        origin = try Self.origin(of: authority)
        let path = address[slash...]
        self.path = path.hasSuffix("/") ? String(path) : path + "/"
    }

    /// A DNS name in lower case, an IPv4 address, or an IPv6 address without its brackets.
    public var host: String { origin.host }

    /// 443 if the URL has none.
    public var port: Int { origin.port }

    /// Host and port as in a URL and in a Host header: the port only if it is not 443.
    public var authority: String { origin.authority }

    /// The request target of something below this URL: its path, then the query.
    /// - Parameter relative: percent-encoded.
    package func target(of relative: String) -> String {
        path + relative + (query.map { "?\($0.revealed)" } ?? "")
    }

    /// Whether two URLs are one source: a query says who asks, not of whom.
    package func isSameSource(as other: SourceURL) -> Bool { origin == other.origin && path == other.path }

    /// - Parameter authority: what stands between `https://` and the next slash, without userinfo.
    static func origin(of authority: Substring) throws(SourceURLError) -> Origin {
        let (host, port) = try hostAndPort(authority)
        return Origin(host: host, port: port)
    }

    /// - Parameter usualPort: that of an authority without one.
    static func hostAndPort(_ authority: Substring, usualPort: Int = 443) throws(SourceURLError) -> (String, Int) {
        var host = authority
        var port: Substring?
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { throw .invalidHost }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let after = authority[authority.index(after: end)...]
            guard after.isEmpty || after.first == ":" else { throw .invalidHost }
            port = after.isEmpty ? nil : after.dropFirst()
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
                throw .invalidHost
            }
        } else {
            if let colon = authority.firstIndex(of: ":") {
                host = authority[..<colon]
                port = authority[authority.index(after: colon)...]
            }
            let allowed = host.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
            guard allowed, !host.isEmpty, host.utf8.count <= 253 else { throw .invalidHost }
        }
        guard let port else { return (host.lowercased(), usualPort) }
        guard (1...5).contains(port.utf8.count), port.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(port), (1...65535).contains(number)
        else { throw .invalidPort }
        return (host.lowercased(), number)
    }
}

extension SourceURL: CustomStringConvertible {
    public var description: String { "https://\(authority)\(path)" }
}

/// Why the address of a source is refused.
public enum SourceURLError: Error, Hashable, Sendable, CustomStringConvertible {
    case notHTTPS, invalidCharacter, invalidHost, invalidPort, userinfo, query, fragment

    public var description: String {
        switch self {
        case .notHTTPS: "it does not begin with https://"
        case .invalidCharacter: "it has a character that a URL may not have"
        case .invalidHost: "its host is not a name or an address"
        case .invalidPort: "its port is not a number from 1 to 65535"
        case .userinfo: "it has a user name or password"
        case .query: "it has a query"
        case .fragment: "it has a fragment"
        }
    }
}
