/// Why a registry's token could not be had, or is not taken.
public enum TokenFault: Error, Hashable, Sendable {
    /// The registry names no address for tokens, or none that is asked: `http`, for instance.
    case address(isPlainHTTP: Bool)
    /// What came of asking the service for a token.
    indirect case service(Service, SourceError)
    /// The service answered, but not with a token.
    case noToken(Service, reason: String)
    /// The registry does not take the token that its service has just given.
    case refused(Service)

    /// Where tokens are asked for.
    public struct Service: Hashable, Sendable {
        public let url: TargetURL
        /// Whether a login was shown there.
        public let isShownLogin: Bool

        package init(url: TargetURL, isShownLogin: Bool) {
            self.url = url
            self.isShownLogin = isShownLogin
        }
    }
}

extension TokenFault {
    /// Whether it does not heal within a job.
    package var isFinal: Bool {
        switch self {
        case .address, .noToken, .refused: true
        case .service(_, let error):
            switch error.cause {
            case .proxy(let fault): fault.isFinal
            case .unreachable, .timeout, .closedEarly, .status: false
            case .lacking, .tls, .forbidden, .protocolViolation, .webPage, .redirects, .led, .corrupt, .undecodable,
                .token:
                true
            }
        }
    }

    /// How long the service asked not to be asked again.
    package var retryAfter: Duration? {
        guard case .service(_, let error) = self, case .status(_, let retryAfter) = error.cause else { return nil }
        return retryAfter
    }

    var exitCode: ExitCode {
        switch self {
        case .address, .noToken: .noSource
        case .refused: .tls
        case .service(_, let error): error.exitCode
        }
    }

    /// What to do about it.
    func hint(in context: SourceContext) -> String {
        switch self {
        case .address: "ask the registry's operator to have tokens given over https, or \(context.elsewhere)"
        case .service(let service, .forbidden(401)), .service(let service, .forbidden(403)):
            service.isShownLogin
                ? "check the user name and the password for \(service.url.origin.host), and that they may read the repository"
                : Self.wantsLogin(service)
        case .service(_, .lacking), .service(_, .protocolViolation), .service(_, .webPage), .noToken:
            "open \(self.origin) in a browser: the network may want a login first; if not, ask the registry's operator, or "
                + context.elsewhere
        case .service(_, let error): error.hint(in: context)
        case .refused(let service):
            service.isShownLogin
                ? "ask the registry's operator whether the login for \(service.url.origin.host) may read the repository, or "
                    + context.elsewhere
                : Self.wantsLogin(service)
        }
    }

    private static func wantsLogin(_ service: Service) -> String {
        "it wants a login: give user name and password for \(service.url.origin.host) in a netrc file with --netrc, and "
            + "name the registry with --oci"
    }

    private var origin: String {
        switch self {
        case .address: ""
        case .service(let service, _), .noToken(let service, _), .refused(let service): "\(service.url.origin)/"
        }
    }
}

extension TokenFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .address(true): "wants a token from an http address, which is not encrypted and not asked"
        case .address(false): "wants a token, and names no address of https for it"
        case .service(let service, let error): "no token from \(service.url): \(error)"
        case .noToken(let service, let reason): "no token from \(service.url): \(reason)"
        case .refused(let service): "does not take the token of \(service.url)"
        }
    }
}
