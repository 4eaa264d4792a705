/// Why a proxy did not connect us to a source. The source was never reached and is not to blame.
public struct ProxyFault: Error, Hashable, Sendable {
    /// The proxy's host and port.
    public let proxy: String
    public let reason: Reason

    public init(proxy: String, reason: Reason) {
        self.proxy = proxy
        self.reason = reason
    }

    /// What went wrong.
    public enum Reason: Hashable, Sendable {
        /// The proxy's name has no address.
        case noAddress
        /// Nothing listens at its port.
        case refused
        /// There is no way to it, in the system's words.
        case unreachable(String)
        /// The connection, or its response, took too long.
        case silent
        /// It closed the connection without a response.
        case closed
        /// 401 or 407: it wants a login, and none was given.
        case wantsLogin
        /// 401 or 407: it does not accept the login given.
        case refusesLogin
        /// A SOCKS server wants a login.
        case wantsLoginForSOCKS
        /// It does not allow connections to this origin: 403, or SOCKS's "not allowed".
        case forbids
        /// It says that it cannot reach the origin: 500, 502, 503, 504, or a SOCKS reply.
        case cannotReach(String)
        /// Any other status.
        case answered(Int)
        /// The response is not that of a proxy.
        case noProxy(String)
    }

    /// Whether it does not heal within a job.
    package var isFinal: Bool {
        switch reason {
        case .wantsLogin, .refusesLogin, .wantsLoginForSOCKS, .forbids: true
        case .noAddress, .refused, .unreachable, .silent, .closed, .cannotReach, .answered, .noProxy: false
        }
    }
}

extension ProxyFault: CustomStringConvertible {
    public var description: String {
        switch reason {
        case .noAddress: "the name of the proxy \(proxy) has no address"
        case .refused: "the proxy \(proxy) cannot be reached: Connection refused"
        case .unreachable(let why): "the proxy \(proxy) cannot be reached: \(why)"
        case .silent: "the proxy \(proxy) does not answer"
        case .closed: "the proxy \(proxy) closed the connection without an answer"
        case .wantsLogin, .wantsLoginForSOCKS: "the proxy \(proxy) wants a login"
        case .refusesLogin: "the proxy \(proxy) does not take the login given"
        case .forbids: "the proxy \(proxy) does not let this through"
        case .cannotReach(let what): "the proxy \(proxy) cannot reach it: \(what)"
        case .answered(let status): "the proxy \(proxy) answered \(status)"
        case .noProxy(let what): "\(proxy) does not answer as a proxy: \(what)"
        }
    }

    /// What to do about it.
    func hint(in context: SourceContext) -> String {
        switch reason {
        case .noAddress, .refused, .unreachable, .silent, .closed, .answered, .noProxy:
            "check the proxy's address in --proxy, HTTPS_PROXY or ALL_PROXY; a host that needs none can be named in "
                + "NO_PROXY"
        case .wantsLogin:
            "put USER:PASSWORD@ before the proxy's host in HTTPS_PROXY, or in --proxy, which other users of this machine "
                + "can see"
        case .refusesLogin:
            "check user name and password before the proxy's host; in them % is written %25, @ %40, : %3A and / %2F"
        case .wantsLoginForSOCKS:
            "no login can be given to a SOCKS proxy: use a proxy of http://, or \(context.elsewhere)"
        case .forbids: "ask whoever runs the proxy to let this host and port through, or \(context.elsewhere)"
        case .cannotReach: "check host and port, and whether the proxy may reach them, or \(context.elsewhere)"
        }
    }
}
