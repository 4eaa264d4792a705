/// A proxy between this machine and the sources, as `--proxy` and `HTTPS_PROXY` name one.
public struct Proxy: Hashable, Sendable {
    /// The protocol spoken with it.
    public enum Kind: Hashable, Sendable {
        /// HTTP's CONNECT (RFC 9110 section 9.3.6).
        case http
        /// SOCKS 5 without a login (RFC 1928). The proxy looks names up.
        case socks
    }

    public let kind: Kind
    public let host: String
    public let port: Int
    /// The value of `Proxy-Authorization`; nil if the URL has no user name.
    package let login: SecretText?

    /// curl's default port of a proxy.
    private static let usualPort = 1080

    /// Reads a proxy's URL as curl does: the scheme is `http://` by default, the port 1080; user name and password stand
    /// percent-encoded before the host; a path is ignored.
    /// - Throws: `ProxyURLError`: the first rule that the text breaks.
    public init(_ text: String) throws(ProxyURLError) {
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }), !text.contains("\\") else {
            throw .invalidCharacter
        }
        let (kind, rest) = try Self.scheme(text)
        // A password that holds a slash is percent-encoded.
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let at = authority.lastIndex(of: "@")
        let address = at.map { authority[authority.index(after: $0)...] } ?? authority
        do throws(SourceURLError) {
            (host, port) = try SourceURL.hostAndPort(address, usualPort: Self.usualPort)
        } catch {
            throw error == .invalidPort ? .invalidPort : .invalidHost
        }
        self.kind = kind
        if let at {
            guard kind == .http else { throw .loginForSOCKS }
            login = try Self.basic(authority[..<at])
        } else {
            login = nil
        }
    }

    /// Host and port, for people.
    public var address: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    private static func scheme(_ text: String) throws(ProxyURLError) -> (Kind, Substring) {
        guard let mark = text.utf8.firstRange(of: Array("://".utf8)) else { return (.http, text[...]) }
        let rest = text[mark.upperBound...]
        switch text[..<mark.lowerBound].lowercased() {
        case "http": return (.http, rest)
        case "socks5h": return (.socks, rest)
        case "https": throw .tlsToProxy
        case "socks5", "socks": throw .resolvesHere
        case "socks4", "socks4a": throw .olderSOCKS
        default: throw .unknownScheme
        }
    }

    private static func basic(_ userinfo: Substring) throws(ProxyURLError) -> SecretText {
        let parts = userinfo.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var decoded: [String] = []
        for part in parts {
            guard let text = TreePath.percentDecoded(part) else { throw .invalidLogin }
            decoded.append(text)
        }
        let password = decoded.count > 1 ? decoded[1] : ""
        return SecretText("Basic " + Base64.encode(Array("\(decoded[0]):\(password)".utf8)))
    }
}

/// Why a text does not name a proxy that can be used.
public enum ProxyURLError: Error, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case invalidCharacter, invalidHost, invalidPort, invalidLogin
    /// `https://`: TLS to the proxy itself.
    case tlsToProxy
    /// `socks5://`: names would be looked up here.
    case resolvesHere
    /// `socks4://`.
    case olderSOCKS
    case unknownScheme
    /// A user name before the host of a SOCKS proxy.
    case loginForSOCKS

    public var description: String {
        switch self {
        case .invalidCharacter: "it has a character that a URL may not have"
        case .invalidHost: "its host is not a name or an address"
        case .invalidPort: "its port is not a number from 1 to 65535"
        case .invalidLogin: "its user name or password is not percent-encoded"
        case .tlsToProxy: "TLS to the proxy itself is not spoken"
        case .resolvesHere: "with socks5:// names are looked up on this machine, which is not supported"
        case .olderSOCKS: "SOCKS 4 is not spoken"
        case .unknownScheme: "it is neither http:// nor socks5h://"
        case .loginForSOCKS: "no login can be given to a SOCKS proxy"
        }
    }

    /// What to do about it.
    package var hint: String {
        switch self {
        case .invalidCharacter, .invalidHost, .invalidPort: "a proxy looks like http://HOST:PORT or socks5h://HOST:PORT"
        case .invalidLogin: "write % as %25, @ as %40, : as %3A and / as %2F in a user name and a password"
        case .tlsToProxy: "use the proxy's http:// port: what goes through it is TLS to the source all the same"
        case .resolvesHere: "write socks5h://: the proxy then looks the names up"
        case .olderSOCKS, .unknownScheme: "use a proxy of http:// or of socks5h://"
        case .loginForSOCKS: "use a proxy of http://, which can be given one"
        }
    }
}
