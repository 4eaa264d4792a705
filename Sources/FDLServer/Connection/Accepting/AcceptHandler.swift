import Glibc
import Logging
import NIOCore

/// Takes accepted connections from a listening channel and sets each up on its own event loop.
///
/// A `ServerBootstrap` sets each connection up on the connection's loop, waits for that on the listener's loop, and
/// goes back to the connection's loop to register it; these hops cost more than the setup. So this handler takes
/// connections at the front of the listener's pipeline and hands them on at its end, past the bootstrap's own handlers.
/// There the channel queues the registration on the connection's loop, after the setup.
final class AcceptHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private let setUp: @Sendable (any Channel) -> Void
    private let logger: Logger
    private let pause: TimeAmount
    private let makeRoom: @Sendable () -> Void
    private let exit = Exit()

    private init(
        _ setUp: @escaping @Sendable (any Channel) -> Void,
        logger: Logger,
        pause: TimeAmount,
        makeRoom: @escaping @Sendable () -> Void
    ) {
        self.setUp = setUp
        self.logger = logger
        self.pause = pause
        self.makeRoom = makeRoom
    }

    /// From now on `listening` accepts connections, and `setUp` is called for each on the connection's loop, before it
    /// is active.
    /// - Parameters:
    ///   - pause: how long no connection is accepted after the system lacked descriptors or memory for one.
    ///   - makeRoom: called then, to have another connection closed.
    static func open(
        at listening: any Channel,
        logger: Logger,
        pause: TimeAmount = .seconds(1),
        makeRoom: @escaping @Sendable () -> Void = {},
        _ setUp: @escaping @Sendable (any Channel) -> Void
    ) -> EventLoopFuture<Void> {
        listening.eventLoop.submit {
            let acceptor = AcceptHandler(setUp, logger: logger, pause: pause, makeRoom: makeRoom)
            try listening.pipeline.syncOperations.addHandler(acceptor.exit, position: .last)
            try listening.pipeline.syncOperations.addHandler(acceptor, position: .first)
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
        // This queues the registration on the connection's loop, after `setUp`.
        exit.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.warning("cannot accept a connection: \(error)")
        guard let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) else {
            return context.fireErrorCaught(error)
        }
        makeRoom()
        // The connection still waits to be accepted: without a pause this would fail again and again at once.
        let channel = context.channel
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        channel.eventLoop.scheduleTask(in: pause) { try? channel.syncOptions?.setOption(.autoRead, value: true) }
    }

    /// The last handler of the listener's pipeline: what it fires reaches the channel itself.
    private final class Exit: ChannelInboundHandler {
        typealias InboundIn = any Channel

        private(set) var context: ChannelHandlerContext?

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }

        func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }
    }
}
