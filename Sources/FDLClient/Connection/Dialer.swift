import FDLCore
import NIOCore
import NIOPosix

/// Opens the connections to sources, below TLS. It tries all addresses of a host name until one answers (RFC 8305).
struct Dialer: Sendable {
    let group: any EventLoopGroup
    let timeout: TimeAmount
    /// Sets the options of each channel.
    var configure: @Sendable (ClientBootstrap) -> ClientBootstrap = { $0 }

    /// - Parameter initialize: adds the handlers, TLS first, before the channel connects.
    /// - Returns: the channel as soon as it is connected, before its TLS handshake.
    func open(
        _ origin: Origin,
        initialize: @escaping @Sendable (any Channel) throws -> Void
    ) -> EventLoopFuture<any Channel> {
        configure(ClientBootstrap(group: group).connectTimeout(timeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try initialize(channel) }
            }
            .connect(host: origin.host, port: origin.port)
    }
}
