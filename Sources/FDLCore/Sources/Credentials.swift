/// What a reader shows to be let in, and to whom: to the origins that the reader named, and to the hosts that the netrc
/// file names. To nobody else, wherever a source leads.
///
/// Base URLs with a query are not here: a query stays with its URL (`SourceURL.query`).
public struct Credentials: Sendable {
    /// Nothing for anybody.
    public static let none = Credentials()

    private let given: [SecretField]
    private let named: Set<Origin>
    private let netrc: Netrc

    /// - Parameters:
    ///   - fields: what goes to the named origins, with each request.
    ///   - named: the origins that the reader named. What a manifest names is not among them.
    ///   - netrc: logins, by host. A field `Authorization` that is given comes before them.
    public init(fields: [SecretField] = [], named: Set<Origin> = [], netrc: Netrc = .empty) {
        self.given = fields
        self.named = named
        self.netrc = netrc
    }

    /// The fields that go to an origin with each request: none for all but those allowed.
    package func fields(for origin: Origin) -> [SecretField] {
        let fields = named.contains(origin) ? given : []
        if fields.contains(where: { $0.name.lowercased() == "authorization" }) { return fields }
        guard let login = netrc.login(for: origin.host) else { return fields }
        return fields + [SecretField(name: "Authorization", value: login.basic)]
    }

    /// The netrc file's login for an origin's host.
    package func login(for origin: Origin) -> Netrc.Login? { netrc.login(for: origin.host) }

    /// Whether something secret goes with each request to a URL: a field, or the URL's own query. Then the connection
    /// must not lean on an authority that only a manifest names.
    package func areShown(to url: SourceURL) -> Bool { url.query != nil || !fields(for: url.origin).isEmpty }
}
