public import FDLCore

/// How a reader gets to sources, and what is shown there.
public struct SourceAccess: Sendable {
    /// Logins and tokens, and whom they are for.
    public var credentials: Credentials
    /// The proxies on the way.
    public var proxies: ProxySettings
    /// The keys by which origins are known. Where there are any, the origin's own certificate must have one of them, and
    /// then nothing else of it counts, nor do the pins of the TLS configuration.
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
