/// What a reader shows in order to be let in, and to whom: header fields to the origins that the reader named, logins to
/// the hosts that the netrc file names. No other origin is shown anything, wherever a source leads.
///
/// A URL's query is not part of it: it stays with its URL (`SourceURL.query`).
public struct Credentials: Sendable {
    /// Nothing for anybody.
    public static let none = Credentials()

    private let given: [SecretField]
    private let named: Set<Origin>
    private let registries: Set<Origin>
    private let netrc: Netrc

    /// - Parameters:
    ///   - fields: sent to the named origins with each request.
    ///   - named: the origins that the reader named, without those that only a manifest names.
    ///   - registries: those of the named origins that are OCI registries. A token for one of them may be asked of a
    ///     service at another origin, which is shown what is meant for that; the registry then gets the token.
    ///   - netrc: logins by host. If `fields` has `Authorization`, that is sent in their place.
    public init(
        fields: [SecretField] = [],
        named: Set<Origin> = [],
        registries: Set<Origin> = [],
        netrc: Netrc = .empty
    ) {
        self.given = fields
        self.named = named
        self.registries = registries
        self.netrc = netrc
    }

    /// The fields sent to an origin with each request; empty for every origin that they are not meant for.
    package func fields(for origin: Origin) -> [SecretField] {
        let fields = named.contains(origin) ? given : []
        if fields.contains(where: { $0.name.lowercased() == "authorization" }) { return fields }
        guard let login = netrc.login(for: origin.host) else { return fields }
        return fields + [SecretField(name: "Authorization", value: login.basic)]
    }

    /// The netrc file's login for an origin's host.
    package func login(for origin: Origin) -> Netrc.Login? { netrc.login(for: origin.host) }

    /// Whether requests to a URL may contain a secret: a field, a token that a login has brought, or the URL's own query.
    /// Such a connection must not depend on an authority that only a manifest names.
    package func areShown(to url: SourceURL) -> Bool {
        url.query != nil || !fields(for: url.origin).isEmpty || registries.contains(url.origin) && !netrc.isEmpty
    }

    /// What a registry's token service may be shown, wherever it is. A registry chooses the service and what the token is
    /// good for: one that only a manifest names could have a token made for somebody else's repository, and get it. So
    /// for such a one no login of another origin is used.
    package func forTokens(of registry: Origin) -> Credentials {
        guard !registries.contains(registry), netrc.login(for: registry.host) == nil else { return self }
        return Credentials(fields: given, named: named.intersection([registry]))
    }
}
