public import FDLCore

/// How a reader gets to sources, how they are known, and what they are shown.
public struct SourceAccess: Sendable {
    /// Logins and tokens, by origin.
    public var credentials: Credentials
    /// The proxies to go through.
    public var proxies: ProxySettings
    /// The keys by which origins are known. An origin's own certificate must have one of its keys; its chain, names and
    /// dates and the pins of the TLS configuration do not count there. An origin without keys is known as usual.
    public var pins: [Origin: [PublicKeyPin]]

    public init(
        credentials: Credentials = .none,
        proxies: ProxySettings = .none,
        pins: [Origin: [PublicKeyPin]] = [:]
    ) {
        self.credentials = credentials
        self.proxies = proxies
        self.pins = pins
    }
}
