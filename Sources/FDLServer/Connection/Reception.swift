import Glibc
import Logging
import NIOCore

/// Takes accepted connections from a listening channel and sets each up on its own event loop.
///
/// A `ServerBootstrap` has each connection set up on its own loop, waits for that on the listener's, and goes back to
/// the connection's to register it: trips from loop to loop that cost more than the setting up. So connections leave
/// its pipeline at the front and enter it again behind its handlers, where they are registered, once and in order after
/// the setting up.
final class Reception: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private let setUp: @Sendable (any Channel) -> Void
    private let logger: Logger
    private let pause: TimeAmount
    private let exit = Exit()

    private init(_ setUp: @escaping @Sendable (any Channel) -> Void, logger: Logger, pause: TimeAmount) {
        self.setUp = setUp
        self.logger = logger
        self.pause = pause
    }

    /// From now on `listening` accepts connections, and `setUp` sees each on the connection's loop, before it is
    /// active.
    /// - Parameter pause: how long none is accepted after the system had no room for one.
    static func open(
        at listening: any Channel,
        logger: Logger,
        pause: TimeAmount = .seconds(1),
        _ setUp: @escaping @Sendable (any Channel) -> Void
    ) -> EventLoopFuture<Void> {
        listening.eventLoop.submit {
            let reception = Reception(setUp, logger: logger, pause: pause)
            try listening.pipeline.syncOperations.addHandler(reception.exit, position: .last)
            try listening.pipeline.syncOperations.addHandler(reception, position: .first)
            try listening.syncOptions?.setOption(.autoRead, value: true)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let connection = unwrapInboundIn(data)
        guard let exit = exit.context else { return connection.close(promise: nil) }
        if connection.eventLoop.inEventLoop {
            setUp(connection)
        } else {
            connection.eventLoop.execute { [setUp] in setUp(connection) }
        }
        // What comes next on the connection's loop is that it is registered and becomes active.
        exit.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.warning("cannot accept a connection: \(error)")
        guard let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) else {
            return context.fireErrorCaught(error)
        }
        // The connection is still there to be accepted: to look again at once would be to look all the time.
        let channel = context.channel
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        channel.eventLoop.scheduleTask(in: pause) { try? channel.syncOptions?.setOption(.autoRead, value: true) }
    }

    /// The last handler, in front of the channel itself.
    private final class Exit: ChannelInboundHandler {
        typealias InboundIn = any Channel

        private(set) var context: ChannelHandlerContext?

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }

        func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }
    }
}
