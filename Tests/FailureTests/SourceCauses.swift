import FDLCore
import FDLCrypto

/// What a command had been given when it met a cause.
enum Command: CaseIterable {
    /// `get` with the URLs of the sources alone; with `--cacert`; with a manifest that names a CA; with `--cert`.
    case get, getWithAuthority, getWithManifestsAuthority, getWithCertificate
    /// `get` with a login for the source: alone, and with a manifest that names a CA.
    case getWithLogin, getWithLoginAndManifestsAuthority
    /// `get` and `verify` of a manifest by its URL: alone, with `--cacert`, with `--cert`, with a login.
    case fetch, fetchWithAuthority, fetchWithCertificate, fetchWithLogin

    var context: SourceContext {
        let manifest = SourceContext.Use.manifest(authority: "a.example:8443")
        return switch self {
        case .get: SourceContext(.chunks)
        case .getWithAuthority: SourceContext(.chunks, authorities: .given)
        case .getWithManifestsAuthority: SourceContext(.chunks, authorities: .manifest)
        case .getWithCertificate: SourceContext(.chunks, showsCertificate: true)
        case .getWithLogin: Self.showingLogin(SourceContext(.chunks))
        case .getWithLoginAndManifestsAuthority:
            Self.showingLogin(SourceContext(.chunks, authorities: .systemForSecrets))
        case .fetchWithLogin: Self.showingLogin(SourceContext(manifest))
        case .fetch: SourceContext(manifest)
        case .fetchWithAuthority: SourceContext(manifest, authorities: .given)
        case .fetchWithCertificate: SourceContext(manifest, showsCertificate: true)
        }
    }

    private static func showingLogin(_ context: SourceContext) -> SourceContext {
        var context = context
        context.showsLogin = true
        return context
    }
}

extension Set<Command> {
    static let fetching: Self = [.fetch, .fetchWithAuthority, .fetchWithCertificate, .fetchWithLogin]
    static let withLogin: Self = [.getWithLogin, .getWithLoginAndManifestsAuthority]
    static let withAuthority: Self = [.getWithAuthority, .fetchWithAuthority]
    static let withManifestsAuthority: Self = [.getWithManifestsAuthority]
    static let withCertificate: Self = [.getWithCertificate, .fetchWithCertificate]
}

/// What a person is to be told of a source's error: the hint for most commands, and for those where another helps.
struct SourceRow {
    let message: String
    let hint: String
    let others: [(commands: Set<Command>, hint: String)]

    init(_ message: String, _ hint: String, _ others: (commands: Set<Command>, hint: String)...) {
        self.message = message
        self.hint = hint
        self.others = others
    }

    /// The last that names the command counts.
    func hint(for command: Command) -> String {
        others.last { $0.commands.contains(command) }?.hint ?? hint
    }
}

extension TLSError: Walked {
    static let first = TLSError.certificateFileMissing(path: "c.pem")
    static let shownPin = PublicKeyPin(digest: SHA256Digest(hashing: []))

    var next: TLSError? {
        switch self {
        case .certificateFileMissing: .keyFileMissing(path: "c.key")
        case .keyFileMissing: .unreadableFile(path: "c.key", .permissionDenied)
        case .unreadableFile(_, .permissionDenied): .unreadableFile(path: "c.pem", .directory)
        case .unreadableFile(_, .directory): .unreadableFile(path: "c.pem", .other("Input/output error"))
        case .unreadableFile: .unreadablePEM(origin: "c.pem", reason: "it holds no certificate")
        case .unreadablePEM: .unreadableAuthorities(reason: "it holds no certificate")
        case .unreadableAuthorities: .encryptedKey(path: "c.key")
        case .encryptedKey: .keyOfAnotherCertificate(certificate: "c.pem", key: "c.key")
        case .keyOfAnotherCertificate: .unusableCertificate(path: "c.pem", reason: "ee key too small")
        case .unusableCertificate: .unusableStatus(path: "c.ocsp", reason: "it says that the certificate is revoked")
        case .unusableStatus: .statusOfAnotherCertificate(path: "c.ocsp")
        case .statusOfAnotherCertificate: .unusableRevocationList(path: "c.crl", reason: "it holds no list")
        case .unusableRevocationList: .invalidHost("a_b..c")
        case .invalidHost: .library(reason: "out of memory")
        case .library: .certificateExpired
        case .certificateExpired: .certificateNotYetValid
        case .certificateNotYetValid: .hostNameMismatch("a.example")
        case .hostNameMismatch: .addressMismatch("192.0.2.1")
        case .addressMismatch: .selfSigned
        case .selfSigned: .unknownAuthority
        case .unknownAuthority: .certificateRevoked
        case .certificateRevoked: .pinMismatch(presented: Self.shownPin)
        case .pinMismatch: .certificateRefused(reason: "unsuitable certificate purpose")
        case .certificateRefused: .peerAlert(TLSAlert(code: 48))
        case .peerAlert: .noSharedProtocol
        case .noSharedProtocol: .noSharedCipher
        case .noSharedCipher: .clientCertificateRequired
        case .clientCertificateRequired: .clientNotAllowed(names: ["alice", "alice.example"])
        case .clientNotAllowed: .tooManyHandshakes
        case .tooManyHandshakes: .notTLS
        case .notTLS: .protocolViolation(reason: "length too short")
        case .protocolViolation: .closedDuringHandshake
        case .closedDuringHandshake: .handshakeTimeout
        case .handshakeTimeout: .truncated
        case .truncated: nil
        }
    }
}

extension SourceError: Walked {
    /// Where a redirect leads: an address with a secret in its query.
    private static let target = TargetURL(
        origin: Origin(host: "b.example", port: 8443),
        pathAndQuery: "/store/x?sig=secret"
    )

    static let first = SourceError.unreachable(.noAddress(host: "a.example"))

    var next: SourceError? {
        switch self {
        case .unreachable(.noAddress): .unreachable(.refused)
        case .unreachable(.refused): .unreachable(.other("No route to host"))
        case .unreachable(.other): .tls(.certificateExpired)
        case .tls: .timeout("connecting")
        case .timeout: .closedEarly("before the answer was complete")
        case .closedEarly: .lacking
        case .lacking: .status(503, retryAfter: nil)
        case .status: .webPage(bytes: 60)
        case .webPage(.some): .webPage(bytes: nil)
        case .webPage: .redirects(.plainHTTP)
        case .redirects(.plainHTTP): .redirects(.scheme("ftp"))
        case .redirects(.scheme): .redirects(.address(.userinfo))
        case .redirects(.address): .redirects(.noLocation)
        case .redirects(.noLocation): .redirects(.loop)
        case .redirects(.loop): .redirects(.tooMany)
        case .redirects(.tooMany): .redirects(.status(300))
        case .redirects(.status): .led(to: Self.target, .status(503, retryAfter: nil))
        case .led: .protocolViolation("answered 400")
        case .protocolViolation: .corrupt
        case .corrupt: .undecodable("it is cut off")
        case .undecodable: .forbidden(401)
        case .forbidden(401): .forbidden(403)
        case .forbidden(403): .forbidden(407)
        case .forbidden: .proxy(.first)
        case .proxy(let fault): fault.next.map { SourceError.proxy($0) } ?? .token(.first)
        case .token(let fault): fault.next.map { SourceError.token($0) }
        }
    }
}

extension ProxyFault {
    static let first = ProxyFault(.noAddress)

    private init(_ reason: Reason) { self.init(proxy: "p.example:3128", reason: reason) }

    var next: ProxyFault? {
        switch reason {
        case .noAddress: ProxyFault(.refused)
        case .refused: ProxyFault(.unreachable("No route to host"))
        case .unreachable: ProxyFault(.silent)
        case .silent: ProxyFault(.closed)
        case .closed: ProxyFault(.wantsLogin)
        case .wantsLogin: ProxyFault(.refusesLogin)
        case .refusesLogin: ProxyFault(.wantsLoginForSOCKS)
        case .wantsLoginForSOCKS: ProxyFault(.forbids)
        case .forbids: ProxyFault(.cannotReach("it answered 503"))
        case .cannotReach: ProxyFault(.answered(400))
        case .answered: ProxyFault(.noProxy("not SOCKS 5"))
        case .noProxy: nil
        }
    }
}

extension TokenFault {
    static let first = TokenFault.address(isPlainHTTP: true)

    private static func service(withLogin: Bool) -> Service {
        Service(
            url: TargetURL(
                origin: Origin(host: "auth.example", port: 443),
                pathAndQuery: "/token?scope=repository%3Ax%3Apull"
            ),
            isShownLogin: withLogin
        )
    }

    var next: TokenFault? {
        let (anybody, reader) = (Self.service(withLogin: false), Self.service(withLogin: true))
        return switch self {
        case .address(true): .address(isPlainHTTP: false)
        case .address: .service(anybody, .forbidden(401))
        case .service(_, .forbidden(401)): .service(reader, .forbidden(403))
        case .service(_, .forbidden): .service(anybody, .status(503, retryAfter: nil))
        case .service(_, .status): .service(anybody, .tls(.certificateExpired))
        case .service(_, .tls): .service(anybody, .webPage(bytes: 60))
        case .service: .noToken(anybody, reason: "its answer has none")
        case .noToken: .refused(anybody)
        case .refused(let service): service.isShownLogin ? nil : .refused(reader)
        }
    }
}
