package import FDLCore
package import NIOCore

/// TLS for one channel, as server or client. It has to be the first handler, next to the socket.
///
/// Inbound it fires `TLSHandshakeCompleted` once the peer is authenticated, then plaintext. What goes wrong is fired
/// as a `TLSError`, and the channel is closed after it. If the peer ends its stream with close_notify,
/// `ChannelEvent.inputClosed` is fired if the channel allows half closure; otherwise the channel is closed. An end
/// without close_notify is `TLSError.truncated`, never a clean end: a handler that sees it must not take what has come
/// for complete.
///
/// `close(mode: .output)` sends what was written, then close_notify, and leaves the other direction open.
/// `close(mode: .all)` sends what was flushed, then close_notify, and closes without waiting for the peer's.
package final class TLSHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    enum Phase {
        /// The channel is not active yet.
        case idle
        case handshaking
        case open
        /// Closing was asked for; what was flushed still goes out.
        case closing
        /// The connection has failed. For a moment, what the peer still sends is thrown away: closing at once would
        /// make the kernel reset the connection and lose the alert that tells the peer why.
        case lingering
        case closed

        var takesWrites: Bool {
            switch self {
            case .idle, .handshaking, .open: true
            case .closing, .lingering, .closed: false
            }
        }
    }

    /// Our side of the stream.
    enum Output {
        case open
        /// `close(mode: .output)` was called: what was written goes out first.
        case ending(EventLoopPromise<Void>?)
        /// close_notify is sent. The future completes when the socket's output is closed, or, if the whole channel is
        /// closing, when the socket has taken close_notify.
        case ended(EventLoopFuture<Void>)

        var isOpen: Bool {
            switch self {
            case .open: true
            case .ending, .ended: false
            }
        }

        /// Takes the promise of `close(mode: .output)`: from now on the caller has to complete it.
        mutating func takePromise() -> EventLoopPromise<Void>? {
            guard case .ending(let promise) = self else { return nil }
            self = .ending(nil)
            return promise
        }
    }

    /// What the reads asked of the channel have brought since the last channelReadComplete.
    enum Reads {
        case nothing
        /// Plaintext was fired.
        case delivered
        /// Nothing, and the next read waits until the channel is writable.
        case heldBack
    }

    /// Fewer bytes than this are copied to a buffer of their size, so that whoever keeps it (a channel, a parser) does
    /// not keep a large one: up to a full record and some.
    static let smallSize = 24 * 1024
    static let lingerTime = TimeAmount.seconds(1)
    static let closeTime = TimeAmount.seconds(5)

    let connection: TLSConnection
    private let handshakeTime: TimeAmount?
    var phase = Phase.idle
    var pool = BufferPool()
    /// On a server, where handshakes wait for their turn.
    var turns: HandshakeTurns?
    /// Whether what has come of the handshake waits there.
    var waitsForTurn = false
    var writes = PendingWrites()
    var plaintext: ByteBuffer?
    var reads = Reads.nothing
    var output = Output.open
    var encrypting = false
    /// Whether the peer has sent close_notify.
    var receivedClose = false
    /// Whether the socket has failed, so that nothing can be sent any more.
    var socketHasFailed = false
    var closePromise: EventLoopPromise<Void>?
    var timer: Scheduled<Void>?

    /// A server's side of one connection.
    /// - Parameters:
    ///   - context: made by `TLSContext.server`.
    ///   - handshakeTimeout: the time for the whole handshake; nil if another handler has a timeout for it.
    /// - Throws: `TLSError.library` if OpenSSL is out of memory.
    package init(server context: TLSContext, handshakeTimeout: TimeAmount? = .seconds(10)) throws(TLSError) {
        precondition(context.role == .server, "a server needs a server's context")
        self.connection = try TLSConnection(context: context, host: nil, sessions: nil)
        self.handshakeTime = handshakeTimeout
    }

    /// A client's side of one connection.
    /// - Parameters:
    ///   - context: made by `TLSContext.client`.
    ///   - host: the host that the certificate has to be for: a DNS name, which is also sent to the server (RFC 6066
    ///     section 3), or an IPv4 or IPv6 address, in brackets or not.
    ///   - sessions: where sessions are kept to be resumed; nil for a full handshake each time.
    ///   - handshakeTimeout: the time for the whole handshake.
    /// - Throws: `TLSError.invalidHost`; `TLSError.library` if OpenSSL is out of memory.
    package init(
        client context: TLSContext,
        host: String,
        sessions: TLSSessionCache? = nil,
        handshakeTimeout: TimeAmount = .seconds(10)
    ) throws(TLSError) {
        precondition(context.role == .client, "a client needs a client's context")
        self.connection = try TLSConnection(context: context, host: try TLSHost(host), sessions: sessions)
        self.handshakeTime = handshakeTimeout
    }
}

@available(*, unavailable)
extension TLSHandler: Sendable {}

// MARK: - The channel's life

extension TLSHandler {
    package func handlerAdded(context: ChannelHandlerContext) {
        pool = connection.context.pools.value(on: context.eventLoop)
        if connection.context.role == .server { turns = connection.context.turns.value(on: context.eventLoop) }
        connection.pipe.pool = pool
        if context.channel.isActive { startHandshake(context: context) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        finish(failingWritesWith: ChannelError.ioOnClosedChannel)
        closePromise.take()?.fail(ChannelError.ioOnClosedChannel)
    }

    package func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        startHandshake(context: context)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        switch phase {
        case .handshaking: end(with: .closedDuringHandshake, context: context)
        case .open where !receivedClose: end(with: .truncated, context: context)
        default: finish(failingWritesWith: ChannelError.ioOnClosedChannel)
        }
        closePromise.take()?.succeed()
        context.fireChannelInactive()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .some(.inputClosed) = event as? ChannelEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        switch phase {
        case .idle, .closed: context.fireUserInboundEventTriggered(event)
        case .handshaking: fail(.closedDuringHandshake, context: context)
        case .open where !receivedClose: fail(.truncated, context: context)
        case .open, .closing: break  // reported at close_notify already, or no longer of interest
        case .lingering: closeChannel(context: context)
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // This is the first handler, so errors come from the socket alone.
        if error is IOError { socketHasFailed = true }
        context.fireErrorCaught(error)
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        encrypt(context: context)
        if reads == .heldBack { readOn(context: context) }
        context.fireChannelWritabilityChanged()
    }

    private func startHandshake(context: ChannelHandlerContext) {
        guard phase == .idle else { return }
        phase = .handshaking
        if let handshakeTime {
            setTimer(handshakeTime, context: context) { handler, context in
                handler.fail(.handshakeTimeout, context: context)
            }
        }
        if connection.context.role == .client {
            connection.offerSession(port: context.remoteAddress?.port ?? 0)
        }
        handshake(context: context)
    }

    /// Goes on with the handshake once it is its turn.
    func handshakeInTurn(context: ChannelHandlerContext) {
        guard let turns else { return handshake(context: context) }
        if waitsForTurn { return }
        // What has been calculated is not left to lie: the end of a handshake is cheap.
        if connection.hasSentFinished { return turns.run { handshake(context: context) } }
        waitsForTurn = true
        var isAtOnce = true
        let mayWait = turns.take(on: context.eventLoop) { [self] in
            waitsForTurn = false
            // The connection may be gone by now.
            guard phase == .handshaking else { return }
            handshake(context: context)
            // What the handshake brought waits for the end of a read that is over.
            if !isAtOnce { channelReadComplete(context: context) }
        }
        isAtOnce = false
        if mayWait { return }
        waitsForTurn = false
        fail(.tooManyHandshakes, context: context)
    }

    func handshake(context: ChannelHandlerContext) {
        switch connection.handshake() {
        case .incomplete:
            // All of it is read. If it were kept, the channel would need a second buffer for the next read.
            connection.pipe.incoming = ByteBuffer()
            send(context: context)
        case .closed:
            fail(.closedDuringHandshake, context: context)
        case .failed(let error):
            fail(error, fromTLS: true, context: context)
        case .done(let event):
            timer?.cancel()
            phase = .open
            send(context: context)
            context.fireUserInboundEventTriggered(event)
            decrypt(context: context)
            encrypt(context: context)
        }
    }
}
