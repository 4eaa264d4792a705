import FDLCore
import NIOCore
import NIOExtras
import NIOHTTP1
import NIOSOCKS

/// A tunnel through a proxy to one origin. TLS runs inside it, end to end.
struct ProxyTunnel: Sendable {
    let proxy: Proxy
    let origin: Origin
    /// The time for the proxy's response, from the connection on.
    let timeout: TimeAmount

    /// Asks the proxy at the other end of a connected channel for the tunnel. To be called on the channel's event loop.
    /// - Returns: completes when the tunnel is open and its handlers are removed. Fails with `SourceError.proxy`.
    func open(through channel: any Channel) -> EventLoopFuture<Void> {
        let opened = channel.eventLoop.makePromise(of: Void.self)
        let parts = parts(opened)
        do {
            for (name, part) in parts { try channel.pipeline.syncOperations.addHandler(part, name: name) }
        } catch {
            opened.fail(error)
        }
        let names = parts.map(\.name).filter { $0 != Self.passing }
        return opened.futureResult
            .flatMap { .andAllSucceed(names.map { channel.pipeline.removeHandler(name: $0) }, on: channel.eventLoop) }
            .flatMapError { [self] error in
                channel.close(promise: nil)
                return channel.eventLoop.makeFailedFuture(SourceError.proxy(fault(error)))
            }
    }

    /// The handler that removes itself.
    private static let passing = "CONNECT"

    private func parts(_ opened: EventLoopPromise<Void>) -> [(name: String, handler: any ChannelHandler)] {
        let watch = TunnelWatch(proxy, timeout: timeout, opened: opened)
        switch proxy.kind {
        case .http:
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = 16 << 10
            limits.maxHeaderListSize = 32 << 10
            limits.maxHeaderFieldCount = 128
            let decoder = HTTPResponseDecoder(informationalResponseStrategy: .drop, limitConfiguration: limits)
            return [
                ("tunnel-requests", HTTPRequestEncoder()),
                ("tunnel-answers", ByteToMessageHandler(decoder)),
                ("tunnel-watch", watch),
                (Self.passing, connectHandler(opened)),
            ]
        case .socks:
            let client = SOCKSClientHandler(targetAddress: socksTarget)
            return [("tunnel-socks", client), ("tunnel-watch", watch)]
        }
    }

    private func connectHandler(_ opened: EventLoopPromise<Void>) -> NIOHTTP1ProxyConnectHandler {
        // The target of CONNECT always has a port (RFC 9112 section 3.2.3).
        let host = origin.host.contains(":") ? "[\(origin.host)]" : origin.host
        var headers = HTTPHeaders([
            ("Host", "\(host):\(origin.port)"), ("User-Agent", "fdl-secure/\(Product.version)"),
        ])
        if let login = proxy.login { headers.add(name: "Proxy-Authorization", value: login.revealed) }
        // `TunnelWatch` has the timeout, for both kinds of proxy.
        return NIOHTTP1ProxyConnectHandler(
            targetHost: host,
            targetPort: origin.port,
            headers: headers,
            deadline: .now() + .hours(1),
            promise: opened
        )
    }

    /// A name is sent as it is, and the proxy looks it up.
    private var socksTarget: SOCKSAddress {
        guard IPAddress.bytes(of: origin.host) != nil,
            let address = try? SocketAddress(ipAddress: origin.host, port: origin.port)
        else { return .domain(origin.host, port: origin.port) }
        return .address(address)
    }

    /// The fault behind an error in connecting to the proxy, or in its response.
    func fault(_ error: any Error) -> ProxyFault {
        ProxyFault(proxy: proxy.address, reason: reason(error))
    }

    private func reason(_ error: any Error) -> ProxyFault.Reason {
        switch error {
        case SourceError.proxy(let fault): return fault.reason
        case let error as SOCKSError.ConnectionFailed: return Self.reason(error.reply)
        case is SOCKSError.InvalidAuthenticationSelection, is SOCKSError.NoValidAuthenticationMethod:
            return .wantsLoginForSOCKS
        case is SOCKSError.InvalidProtocolVersion: return .noProxy("not SOCKS 5")
        case is SOCKSError.InvalidReservedByte, is SOCKSError.InvalidAddressType, is SOCKSError.UnexpectedRead:
            return .noProxy("malformed SOCKS")
        case is NIOHTTP1ProxyConnectHandler.Error: return .closed
        default: break
        }
        return switch SourceError(connectionError: error) {
        case .unreachable(.noAddress): .noAddress
        case .unreachable(.refused): .refused
        case .unreachable(.other(let why)): .unreachable(why)
        case .timeout: .silent
        case .protocolViolation(let what): .noProxy(what)
        default: .closed
        }
    }

    /// RFC 1928 section 6.
    private static func reason(_ reply: SOCKSServerReply) -> ProxyFault.Reason {
        switch reply {
        case .notAllowed: .forbids
        case .networkUnreachable: .cannotReach("no way to its network")
        case .hostUnreachable: .cannotReach("no way to its host")
        case .refused: .cannotReach("Connection refused")
        case .ttlExpired: .cannotReach("the way is too long")
        default: .cannotReach("SOCKS reply \(reply.value)")
        }
    }
}
