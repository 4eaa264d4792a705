import FDLTLS
import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// A TLS connection on which a test says what it likes, byte by byte, and reads as much or as little as it likes.
final class RawConnection: Sendable {
    private struct State {
        var received: [UInt8] = []
        var receivedBytes = 0
        var isOpen = true
        var isReady = false
    }

    private let channel: any Channel
    private let state: SharedMutex<State>

    private init(_ channel: any Channel, _ state: SharedMutex<State>) {
        self.channel = channel
        self.state = state
    }

    deinit { channel.close(promise: nil) }

    /// Connects.
    /// - Parameters:
    ///   - address: the local address, one of 127.0.0.0/8, by which a worker tells its clients apart.
    ///   - keeps: whether what comes is kept, and not only counted.
    ///   - greeting: what is sent before TLS, for a PROXY header.
    static func open(
        to worker: Worker,
        in scene: Scene,
        from address: String = "127.0.0.1",
        keeps: Bool = true,
        greeting: [UInt8] = []
    ) async throws -> RawConnection {
        let context = try TLSContext.client(
            TLSClientConfiguration(trustRoots: .pem(try Files.read(scene.certificates.authority)))
        )
        return try await open(to: worker.port, context, from: address, keeps: keeps, greeting: greeting)
    }

    static func open(
        to port: Int,
        _ context: TLSContext?,
        from address: String = "127.0.0.1",
        keeps: Bool = true,
        greeting: [UInt8] = []
    ) async throws -> RawConnection {
        let state = SharedMutex(State())
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(to: SocketAddress(ipAddress: address, port: 0))
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if !greeting.isEmpty {
                        try channel.pipeline.syncOperations.addHandler(Greeter(greeting))
                    }
                    if let context {
                        let tls = try TLSHandler(client: context, host: "127.0.0.1", handshakeTimeout: .seconds(60))
                        try channel.pipeline.syncOperations.addHandler(tls)
                    }
                    try channel.pipeline.syncOperations.addHandler(Receiver(state, keeps: keeps))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .get()
        return RawConnection(channel, state)
    }

    /// Whether the peer has not ended it.
    var isOpen: Bool { state.withLock { $0.isOpen } }
    /// All that has come, as text.
    var text: String { String(decoding: state.withLock { $0.received }, as: UTF8.self) }
    var receivedBytes: Int { state.withLock { $0.receivedBytes } }

    /// Waits for the end of the handshake.
    func ready() async throws {
        _ = try await eventually("the handshake ends") { self.state.withLock { $0.isReady || !$0.isOpen } ? () : nil }
        guard isOpen else { throw HarnessError("the connection was refused") }
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    /// Sends without waiting until it has left.
    func push(_ text: String) {
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    /// Reads no more from the socket, so that what the worker sends piles up.
    func stopReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    func readOn() async throws {
        try await channel.setOption(.autoRead, value: true).get()
        channel.read()
    }

    /// Waits until so many answers' heads have come.
    func answers(_ count: Int) async throws -> [String] {
        try await eventually("\(count) answers") {
            let statuses = self.statuses
            guard statuses.count >= count || !self.isOpen else { return nil }
            return statuses
        }
    }

    /// The status lines that have come, without the version.
    var statuses: [String] {
        text.split(separator: "\r\n").compactMap { line in
            line.firstRange(of: "HTTP/1.1 ").map { String(line[$0.upperBound...]) }
        }
    }

    /// Waits until the peer has ended it.
    func ended() async throws {
        try await eventually("the worker ends the connection") { self.isOpen ? nil : () }
    }

    /// Ends it without TLS's word for it.
    func tear() async throws {
        try? await channel.pipeline.triggerUserOutboundEvent(TLSAbort()).get()
        try? await channel.close().get()
    }

    func close() async throws { try? await channel.close().get() }

    /// Sends something before anything else does.
    private final class Greeter: ChannelInboundHandler, RemovableChannelHandler, Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let bytes: [UInt8]

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        func channelActive(context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            context.fireChannelActive()
        }
    }

    private final class Receiver: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        private let state: SharedMutex<State>
        private let keeps: Bool

        init(_ state: SharedMutex<State>, keeps: Bool) {
            self.state = state
            self.keeps = keeps
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = unwrapInboundIn(data)
            state.withLock { state in
                if keeps { state.received += buffer.readableBytesView }
                state.receivedBytes += buffer.readableBytes
            }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            switch event {
            case is TLSHandshakeCompleted: state.withLock { $0.isReady = true }
            case ChannelEvent.inputClosed: state.withLock { $0.isOpen = false }
            default: break
            }
        }

        func channelInactive(context: ChannelHandlerContext) { state.withLock { $0.isOpen = false } }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            state.withLock { $0.isOpen = false }
            context.close(promise: nil)
        }
    }
}
