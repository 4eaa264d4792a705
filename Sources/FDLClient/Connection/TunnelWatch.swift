import FDLCore
import NIOCore
import NIOHTTP1
import NIOSOCKS

/// Watches the opening of a tunnel: it turns a proxy's refusal into a fault and has the timeout. It also asks for reads,
/// because with a rate limit a channel reads only when told to. Confined to the channel's event loop.
final class TunnelWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart

    private let proxy: Proxy
    private let timeout: TimeAmount
    private let opened: EventLoopPromise<Void>
    private var timer: Scheduled<Void>?

    init(_ proxy: Proxy, timeout: TimeAmount, opened: EventLoopPromise<Void>) {
        self.proxy = proxy
        self.timeout = timeout
        self.opened = opened
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [self] in fail(.silent) }
        context.read()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        fail(.closed)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard proxy.kind == .http, case .head(let head) = unwrapInboundIn(data), let reason = refusal(head.status)
        else {
            return context.fireChannelRead(data)
        }
        fail(reason)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        context.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The SOCKS handler forwards what it holds after this event.
        if event is SOCKSProxyEstablishedEvent { context.eventLoop.execute { [opened] in opened.succeed() } }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        opened.fail(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.closed)
        context.fireChannelInactive()
    }

    private func fail(_ reason: ProxyFault.Reason) {
        opened.fail(SourceError.proxy(ProxyFault(proxy: proxy.address, reason: reason)))
    }

    /// - Returns: nil if the tunnel is open.
    private func refusal(_ status: HTTPResponseStatus) -> ProxyFault.Reason? {
        switch status.code {
        case 200...299: nil
        // tinyproxy answers a wrong login with 401.
        case 401, 407: proxy.login == nil ? .wantsLogin : .refusesLogin
        case 403: .forbids
        case 500, 502, 503, 504: .cannotReach("it answered \(status.code)")
        default: .answered(Int(status.code))
        }
    }
}
