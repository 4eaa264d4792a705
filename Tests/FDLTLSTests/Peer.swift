import FDLCore
import FDLTLS
import NIOCore
import NIOPosix
import Synchronization

/// What one side of a connection has seen.
enum Seen: Sendable, CustomStringConvertible {
    case handshake(TLSHandshakeCompleted)
    case bytes(ByteBuffer)
    case inputClosed
    case error(any Error)
    case inactive

    var description: String {
        switch self {
        case .handshake(let event): "handshake \(event.version.rawValue)"
        case .bytes(let buffer): "bytes \(buffer.readableBytes)"
        case .inputClosed: "inputClosed"
        case .error(let error): "error \(error)"
        case .inactive: "inactive"
        }
    }
}

/// Passes on what arrives above the TLS handler.
private final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let sink: AsyncStream<Seen>.Continuation

    init(_ sink: AsyncStream<Seen>.Continuation) {
        self.sink = sink
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        sink.yield(.bytes(unwrapInboundIn(data)))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSHandshakeCompleted { sink.yield(.handshake(event)) }
        if let event = event as? ChannelEvent, event == .inputClosed { sink.yield(.inputClosed) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        sink.yield(.error(error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        sink.yield(.inactive)
        sink.finish()
    }
}

/// Asks a channel to end as if its process had died: without close_notify.
struct Cut: Sendable {}

/// Sits below TLS, where the connection can be cut.
private final class Scissors: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        if event is Cut {
            context.close(promise: promise)
        } else {
            context.triggerUserOutboundEvent(event, promise: promise)
        }
    }
}

/// One side of a connection over a real socket.
final class Peer {
    let channel: any Channel
    private let stream: AsyncStream<Seen>
    private var iterator: AsyncStream<Seen>.Iterator

    fileprivate init(channel: any Channel, stream: AsyncStream<Seen>) {
        self.channel = channel
        self.stream = stream
        self.iterator = stream.makeAsyncIterator()
    }

    /// The next thing seen; nil after the channel has ended.
    func next() async -> Seen? {
        await iterator.next()
    }

    /// The handshake's result; nil where the connection failed before.
    func handshake() async -> TLSHandshakeCompleted? {
        while let seen = await next() {
            if case .handshake(let event) = seen { return event }
            if case .error = seen { return nil }
        }
        return nil
    }

    /// The first error.
    func error() async -> TLSError? {
        while let seen = await next() {
            if case .error(let error) = seen { return error as? TLSError }
        }
        return nil
    }

    /// Exactly `count` bytes, or fewer where the connection ends before.
    func bytes(_ count: Int) async -> ByteBuffer {
        var result = ByteBuffer()
        while result.readableBytes < count, let seen = await next() {
            if case .bytes(var buffer) = seen { result.writeBuffer(&buffer) }
        }
        return result
    }

    /// All that is seen until the channel has ended.
    func rest() async -> [Seen] {
        var result: [Seen] = []
        while let seen = await next() { result.append(seen) }
        return result
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    /// Closes the channel, or its output; that the other side was quicker to close it is no error.
    func close(_ mode: CloseMode = .all) async throws {
        do {
            try await channel.close(mode: mode).get()
        } catch ChannelError.alreadyClosed {}
    }

    /// Begins to send, without waiting for it.
    func beginSending(_ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        channel.writeAndFlush(buffer)
    }

    /// Begins to close, without waiting for it.
    func beginClosing(_ mode: CloseMode = .all) -> EventLoopFuture<Void> {
        channel.close(mode: mode)
    }

    /// Ends the connection without close_notify.
    func cut() async throws {
        try await channel.triggerUserOutboundEvent(Cut()).get()
    }

    /// Connects to a TLS server on this machine.
    static func connect(
        to port: Int,
        context: TLSContext,
        host: String = "localhost",
        sessions: TLSSessionCache? = nil,
        halfClosure: Bool = false
    ) async throws -> Peer {
        try await plain(to: port, halfClosure: halfClosure) {
            try TLSHandler(client: context, host: host, sessions: sessions)
        }
    }

    /// Connects without TLS, or with the handler that `makeHandler` makes.
    static func plain(
        to port: Int,
        halfClosure: Bool = false,
        _ makeHandler: @escaping @Sendable () throws -> TLSHandler? = { nil }
    ) async throws -> Peer {
        let (stream, sink) = AsyncStream.makeStream(of: Seen.self)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: halfClosure)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Scissors())
                    if let handler = try makeHandler() { try channel.pipeline.syncOperations.addHandler(handler) }
                    try channel.pipeline.syncOperations.addHandler(Recorder(sink))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return Peer(channel: channel, stream: stream)
    }
}

/// A server on this machine.
final class Listener {
    let port: Int
    private let channel: any Channel
    private let offered: Offered
    private let accepted: AsyncStream<(any Channel, AsyncStream<Seen>)>
    private var iterator: AsyncStream<(any Channel, AsyncStream<Seen>)>.Iterator

    private final class Offered: Sendable {
        let context: Mutex<TLSContext?>

        init(_ context: TLSContext?) { self.context = Mutex(context) }
    }

    /// - Parameter context: nil for a server without TLS.
    init(context: TLSContext?, halfClosure: Bool = true) async throws {
        let (accepted, sink) = AsyncStream.makeStream(of: (any Channel, AsyncStream<Seen>).self)
        let offered = Offered(context)
        self.offered = offered
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: halfClosure)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Scissors())
                    if let context = offered.context.withLock({ $0 }) {
                        try channel.pipeline.syncOperations.addHandler(TLSHandler(server: context))
                    }
                    let (stream, continuation) = AsyncStream.makeStream(of: Seen.self)
                    try channel.pipeline.syncOperations.addHandler(Recorder(continuation))
                    sink.yield((channel, stream))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.port = channel.localAddress?.port ?? 0
        self.accepted = accepted
        self.iterator = accepted.makeAsyncIterator()
    }

    deinit {
        channel.close(promise: nil)
    }

    /// What connections to come are offered: as if another server had started at the port.
    func replace(_ context: TLSContext) {
        offered.context.withLock { $0 = context }
    }

    /// The next connection.
    func accept() async throws -> Peer {
        guard let (channel, stream) = await iterator.next() else { throw ChannelError.eof }
        return Peer(channel: channel, stream: stream)
    }
}
