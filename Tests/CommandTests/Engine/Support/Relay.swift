import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// A path through the network to a server on this machine: it has a delay and a rate, and it can break.
///
/// It carries bytes and knows nothing of TLS. The rate is that of all its connections together, towards the client.
final class Relay: Sendable {
    let port: Int
    var url: String { "https://127.0.0.1:\(port)/" }

    private let listener: any Channel
    private let path: NetworkPath

    private init(listener: any Channel, port: Int, path: NetworkPath) {
        self.listener = listener
        self.port = port
        self.path = path
    }

    deinit {
        listener.close(promise: nil)
        path.close()
    }

    /// - Parameters:
    ///   - target: the server's port on 127.0.0.1.
    ///   - delay: what each way takes.
    ///   - freezesAfter: bytes towards the client, of all connections, after which it freezes by itself. What a test
    ///     does to a download before it thaws the path, it does midway, however busy the machine is.
    static func start(
        to target: Int,
        delay: TimeAmount = .zero,
        bytesPerSecond: Double? = nil,
        freezesAfter: Int? = nil
    ) async throws -> Relay {
        let path = NetworkPath(delay: delay, bytesPerSecond: bytesPerSecond, freezesAfter: freezesAfter)
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { near in
                path.asked()
                // What the client's side holds unsent is a queue of its own: short, so that the path's one counts.
                return near.setOption(.socketOption(.so_sndbuf), value: 256 << 10).flatMap {
                    connect(near, to: target, path)
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        guard let port = listener.localAddress?.port else { throw HarnessError("no port") }
        return Relay(listener: listener, port: port, path: path)
    }

    private static func connect(_ near: any Channel, to target: Int, _ path: NetworkPath) -> EventLoopFuture<Void> {
        ClientBootstrap(group: near.eventLoop)
            .channelOption(.autoRead, value: false)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: "127.0.0.1", port: target)
            .flatMapThrowing { far in
                path.add(near)
                path.add(far)
                let towardsClient = Lane(to: near, path, isMetered: true)
                let towardsServer = Lane(to: far, path, isMetered: false)
                try far.pipeline.syncOperations.addHandler(LaneEntrance(towardsClient))
                try near.pipeline.syncOperations.addHandler(LaneEntrance(towardsServer))
                far.read()
            }
    }

    /// How many connections it has been asked for so far.
    var connections: Int { path.connections }

    /// From now on nothing arrives anywhere, and nobody is told.
    func freeze() { path.freeze() }

    /// What has waited goes on, and the path does not freeze by itself any more.
    func thaw() { path.thaw() }

    /// Ends all connections, as a restarted middlebox does; later ones are served.
    func cut() { path.close() }
}

/// What all connections of a relay have in common.
private final class NetworkPath: Sendable {
    let delay: TimeAmount
    let bucket: TokenBucket?
    /// The most bytes in one direction of one connection.
    let capacity: Int
    private let state = Mutex(State())

    private struct State {
        var isFrozen = false
        /// Bytes that may still pass before the path freezes by itself.
        var allowance: Int?
        var channels: [any Channel] = []
        var connections = 0
    }

    init(delay: TimeAmount, bytesPerSecond: Double?, freezesAfter: Int?) {
        self.delay = delay
        state.withLock { $0.allowance = freezesAfter }
        bucket = bytesPerSecond.map { TokenBucket(bytesPerSecond: $0) }
        // What is under way in the delay, and a queue in front of the narrow place, as a router has.
        let underWay = (bytesPerSecond ?? 1e9) * Double(delay.nanoseconds) / 1e9
        capacity = Int(underWay) + (256 << 10)
    }

    var isFrozen: Bool { state.withLock { $0.isFrozen } }
    var connections: Int { state.withLock { $0.connections } }
    func asked() { state.withLock { $0.connections += 1 } }
    func freeze() { state.withLock { $0.isFrozen = true } }

    func thaw() {
        state.withLock { state in
            state.isFrozen = false
            state.allowance = nil
        }
    }

    /// Counts bytes towards the client.
    func passed(_ count: Int) {
        state.withLock { state in
            guard let allowance = state.allowance else { return }
            state.allowance = allowance > count ? allowance - count : nil
            if state.allowance == nil { state.isFrozen = true }
        }
    }

    func add(_ channel: any Channel) {
        state.withLock { state in
            state.channels.removeAll { !$0.isActive }
            state.channels.append(channel)
        }
    }

    func close() {
        let channels = state.withLock { state in
            defer { state.channels = [] }
            return state.channels
        }
        for channel in channels { channel.close(promise: nil) }
    }
}

/// One direction of one connection. Confined to the event loop that both its ends share.
private final class Lane {
    private let destination: any Channel
    private let path: NetworkPath
    /// Whether the path's rate and allowance count what passes here.
    private let isMetered: Bool
    private var queue = CircularBuffer<(bytes: ByteBuffer, arrives: NIODeadline)>()
    private var queued = 0
    private var timer: Scheduled<Void>?
    private var hasEnded = false

    init(to destination: any Channel, _ path: NetworkPath, isMetered: Bool) {
        self.destination = destination
        self.path = path
        self.isMetered = isMetered
    }

    var hasRoom: Bool { queued < path.capacity }

    func put(_ bytes: ByteBuffer, from source: any Channel) {
        let due = NIODeadline.now() + path.delay
        let arrives = isMetered ? path.bucket?.charge(bytes.readableBytes, at: due) ?? due : due
        queue.append((bytes, arrives))
        queued += bytes.readableBytes
        pump(source)
    }

    /// The sender has nothing more to say: neither has this direction, once all of it has arrived.
    func end(from source: any Channel) {
        hasEnded = true
        pump(source)
    }

    private func pump(_ source: any Channel) {
        guard timer == nil else { return }
        let now = NIODeadline.now()
        var hasSent = false
        while let first = queue.first, first.arrives <= now, !path.isFrozen {
            queue.removeFirst()
            queued -= first.bytes.readableBytes
            if isMetered { path.passed(first.bytes.readableBytes) }
            hasSent = true
            // The rate is the narrow place; where the reader is narrower, its socket's buffer fills and we wait for it.
            destination.write(first.bytes).assumeIsolated().whenComplete { _ in
                if self.hasRoom { source.read() }
            }
        }
        if hasSent { destination.flush() }
        guard let first = queue.first else {
            if hasEnded { destination.close(promise: nil) }
            return
        }
        let wait = path.isFrozen ? now + .milliseconds(20) : first.arrives
        timer = destination.eventLoop.assumeIsolated().scheduleTask(deadline: wait) {
            self.timer = nil
            self.pump(source)
        }
    }
}

/// Where bytes enter a lane.
private final class LaneEntrance: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let lane: Lane

    init(_ lane: Lane) {
        self.lane = lane
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { context.read() }
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lane.put(unwrapInboundIn(data), from: context.channel)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if lane.hasRoom { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        lane.end(from: context.channel)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
