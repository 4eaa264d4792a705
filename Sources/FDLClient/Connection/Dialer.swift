import FDLCore
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Opens the connections to sources, below TLS. It tries all addresses of a host name until one answers (RFC 8305), or
/// goes through a proxy.
struct Dialer: Sendable {
    var group: any EventLoopGroup
    /// For the connection, and again for a proxy's response.
    let timeout: TimeAmount
    /// Sets the options of each channel.
    var configure: @Sendable (ClientBootstrap) -> ClientBootstrap = { $0 }
    var proxies = ProxySettings.none

    /// The type of the pipelines' decoder, made by the first who asks for it, while all others wait. Swift's runtime
    /// (6.3.1) can crash where several event loops make it at the same time, each of them checking what the other's
    /// half-made one conforms to.
    private static let decoderType: Void = { _ = ByteToMessageHandler(HTTPResponseDecoder()) }()

    /// One whose channels live on a given loop.
    func on(_ loop: any EventLoop) -> Dialer {
        var dialer = self
        dialer.group = loop
        return dialer
    }

    /// - Parameters:
    ///   - address: where to connect to; nil to look the name up. A proxy gets the name in any case.
    ///   - initialize: adds the handlers, TLS first, before they are told that the channel is active.
    /// - Returns: the channel as soon as it is connected, before its TLS handshake.
    func open(
        _ origin: Origin,
        at address: SocketAddress? = nil,
        initialize: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        Self.decoderType
        let bootstrap = configure(ClientBootstrap(group: group).connectTimeout(timeout))
        guard let proxy = proxies.proxy(for: origin) else {
            let direct = bootstrap.channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try initialize(channel) }
            }
            guard let address else { return direct.connect(host: origin.host, port: origin.port) }
            return direct.connect(to: address).flatMapErrorThrowing { throw SourceError(connectingError: $0) }
        }
        let tunnel = ProxyTunnel(proxy: proxy, origin: origin, timeout: timeout)
        return bootstrap.connect(host: proxy.host, port: proxy.port)
            .flatMapErrorThrowing { throw SourceError.proxy(tunnel.fault($0)) }
            .flatMap { channel in
                tunnel.open(through: channel).flatMapThrowing {
                    try initialize(channel)
                    channel.pipeline.fireChannelActive()
                    return channel
                }
            }
    }

    /// As `open`, with the handler that `initialize` has made: where a handshake fails at once it has left the pipeline by
    /// then, and knows why.
    func open<Handler>(
        _ origin: Origin,
        at address: SocketAddress? = nil,
        making initialize: @escaping @Sendable (any Channel) throws -> Handler
    ) -> EventLoopFuture<(any Channel, NIOLoopBound<Handler>)> {
        let made = Made<Handler>()
        return open(origin, at: address) { channel in
            let handler = NIOLoopBound(try initialize(channel), eventLoop: channel.eventLoop)
            made.handlers.withLock { $0[ObjectIdentifier(channel)] = handler }
        }
        .flatMapThrowing { channel in
            guard let handler = made.handlers.withLock({ $0.removeValue(forKey: ObjectIdentifier(channel)) }) else {
                throw ChannelError.inappropriateOperationForState
            }
            return (channel, handler)
        }
    }

    /// Of each address that is tried.
    private final class Made<Handler>: Sendable {
        let handlers = Mutex<[ObjectIdentifier: NIOLoopBound<Handler>]>([:])
    }
}
