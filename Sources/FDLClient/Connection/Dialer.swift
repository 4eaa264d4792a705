import FDLCore
import NIOCore
import NIOPosix

/// Opens the connections to sources, below TLS: to all addresses of a name until one answers (RFC 8305).
struct Dialer: Sendable {
    let group: any EventLoopGroup
    let timeout: TimeAmount
    /// Sets the options of each channel.
    var configure: @Sendable (ClientBootstrap) -> ClientBootstrap = { $0 }

    /// - Parameter initialize: adds the handlers, TLS first, before the connection is made.
    /// - Returns: the channel once it is connected. Its handshake is still to come.
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
