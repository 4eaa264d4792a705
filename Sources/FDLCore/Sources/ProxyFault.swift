/// What a proxy on the way to a source did, so that the source was never asked. The source is not to blame for it.
public struct ProxyFault: Error, Hashable, Sendable {
    /// The proxy's host and port.
    public let proxy: String
    public let reason: Reason

    public init(proxy: String, reason: Reason) {
        self.proxy = proxy
        self.reason = reason
    }

    /// What was in the way.
    public enum Reason: Hashable, Sendable {
        /// The proxy's name has no address.
        case noAddress
        /// Nothing listens at its port.
        case refused
        /// There is no way to it, in the system's words.
        case unreachable(String)
        /// It cannot be connected to, or does not answer, within the time allowed.
        case silent
        /// It closed the connection without an answer.
        case closed
        /// 407: it wants a login, and none was given.
        case wantsLogin
        /// 407: the login given is not one of its.
        case refusesLogin
        /// A SOCKS server that lets nobody in without a login.
        case wantsLoginForSOCKS
        /// It does not let this origin through: 403, or SOCKS's "not allowed".
        case forbids
        /// It cannot reach the origin, and says so: 502, 503, 504, or SOCKS's replies.
        case cannotReach(String)
        /// Any other status.
        case answered(Int)
        /// What came is no proxy's answer.
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
