public import NIOCore

/// TLS for one channel, as server or client. It has to be the first handler, next to the socket.
///
/// Inbound it fires `TLSHandshakeCompleted` once the peer is authenticated, then plaintext. What goes wrong is fired
/// as a `TLSError`, and the channel is closed behind it. A peer that has ended its stream with close_notify is told as
/// `ChannelEvent.inputClosed` where the channel allows half closure, else by closing the channel. An end without
/// close_notify is `TLSError.truncated`, never a clean end: a handler that sees it must not take what came for whole.
///
/// `close(mode: .output)` sends what was written, then close_notify, and leaves the other direction open.
/// `close(mode: .all)` sends what was flushed, then close_notify, and closes without waiting for the peer's.
public final class TLSHandler: ChannelDuplexHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = ByteBuffer
    public typealias OutboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// The channel is not active yet.
        case idle
        case handshaking
        case open
        /// Closing was asked for; what was flushed still goes out.
        case closing
        /// The connection has failed. What the peer still sends is thrown away for a moment, for closing at once
        /// would make the kernel reset the connection and lose the alert that tells the peer why.
        case lingering
        case closed

        var takesWrites: Bool {
            switch self {
            case .idle, .handshaking, .open: true
            case .closing, .lingering, .closed: false
            }
        }
    }

    /// Ciphertext or plaintext up to this size gets a buffer of its own, so that who keeps it keeps no more than that.
    private static let smallSize = 16 * 1024
    private static let lingerTime = TimeAmount.seconds(1)
    private static let closeTime = TimeAmount.seconds(5)

    private let connection: TLSConnection
    private let handshakeTime: TimeAmount
    private var phase = Phase.idle
    private var pool = BufferPool()
    private var writes = PendingWrites()
    private var plaintext: ByteBuffer?
    /// Whether plaintext was fired since the last channelReadComplete.
    private var delivered = false
    private var encrypting = false
    private var receivedClose = false
    private var outputClosing = false
    /// Set once close_notify is sent by `close(mode: .output)`; completes when the socket's output is closed.
    private var outputClosed: EventLoopFuture<Void>?
    private var outputClosePromise: EventLoopPromise<Void>?
    private var closePromise: EventLoopPromise<Void>?
    private var timer: Scheduled<Void>?

    /// A server's side of one connection.
    /// - Parameters:
    ///   - context: made by `TLSContext.server`.
    ///   - handshakeTimeout: the time for the whole handshake.
    /// - Throws: `TLSError.library` where OpenSSL is out of memory.
    public init(server context: TLSContext, handshakeTimeout: TimeAmount = .seconds(10)) throws(TLSError) {
        precondition(context.role == .server, "a server needs a server's context")
        self.connection = try TLSConnection(context: context, host: nil, sessions: nil)
        self.handshakeTime = handshakeTimeout
    }

    /// A client's side of one connection.
    /// - Parameters:
    ///   - context: made by `TLSContext.client`.
    ///   - host: whom the certificate has to be for: a DNS name, which is also sent to the server (RFC 6066
    ///     section 3), or an IPv4 or IPv6 address, in brackets or not.
    ///   - sessions: where sessions are kept to be resumed; nil for a full handshake each time.
    ///   - handshakeTimeout: the time for the whole handshake.
    /// - Throws: `TLSError.invalidHost`; `TLSError.library` where OpenSSL is out of memory.
    public init(
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
    public func handlerAdded(context: ChannelHandlerContext) {
        pool = connection.context.pools.pool(of: context.eventLoop)
        connection.pipe.pool = pool
        if context.channel.isActive { startHandshake(context: context) }
    }

    public func handlerRemoved(context: ChannelHandlerContext) {
        finish(failingWritesWith: ChannelError.ioOnClosedChannel)
    }

    public func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        startHandshake(context: context)
    }

    public func channelInactive(context: ChannelHandlerContext) {
        switch phase {
        case .handshaking: end(with: .closedDuringHandshake, context: context)
        case .open where !receivedClose: end(with: .truncated, context: context)
        default: finish(failingWritesWith: ChannelError.ioOnClosedChannel)
        }
        context.fireChannelInactive()
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .some(.inputClosed) = event as? ChannelEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        switch phase {
        case .idle, .closed: context.fireUserInboundEventTriggered(event)
        case .handshaking: fail(.closedDuringHandshake, context: context)
        case .open where !receivedClose: fail(.truncated, context: context)
        case .open, .closing: break  // told at close_notify, or of no interest any more
        case .lingering: closeChannel(context: context)
        }
    }

    public func channelWritabilityChanged(context: ChannelHandlerContext) {
        encrypt(context: context)
        context.fireChannelWritabilityChanged()
    }

    private func startHandshake(context: ChannelHandlerContext) {
        guard phase == .idle else { return }
        phase = .handshaking
        setTimer(handshakeTime, context: context) { handler, context in
            handler.fail(.handshakeTimeout, context: context)
        }
        connection.offerSession(port: context.remoteAddress?.port ?? 0)
        handshake(context: context)
    }

    private func handshake(context: ChannelHandlerContext) {
        switch connection.handshake() {
        case .incomplete:
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

// MARK: - Inbound

extension TLSHandler {
    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var ciphertext = unwrapInboundIn(data)
        guard phase == .handshaking || phase == .open, !receivedClose else { return }
        if connection.pipe.incoming.readableBytes == 0 {
            connection.pipe.incoming = ciphertext
        } else {
            connection.pipe.incoming.writeBuffer(&ciphertext)
        }
        if phase == .handshaking {
            handshake(context: context)
        } else {
            decrypt(context: context)
        }
    }

    public func channelReadComplete(context: ChannelHandlerContext) {
        deliver(context: context)
        // A key update or an alert may wait to be sent.
        if phase == .open { send(context: context) }
        if delivered {
            delivered = false
            context.fireChannelReadComplete()
        } else if phase != .closed {
            // Who asked for a read got nothing from it, and with autoRead off would wait forever.
            context.read()
        }
    }

    /// Decrypts what came in. Plaintext is gathered until the channel has no more for now, or a buffer is full.
    private func decrypt(context: ChannelHandlerContext) {
        while phase == .open {
            var buffer = plaintext.take() ?? pool.take()
            var step = TLSConnection.Step<Int>.incomplete
            while buffer.writableBytes >= PendingWrites.recordSize {
                step = buffer.writeRecord(from: connection)
                guard case .done = step else { break }
            }
            plaintext = consume buffer
            switch step {
            case .done:
                deliver(context: context)
                continue
            case .incomplete:
                // Without this the channel could not reuse its buffer for the next read.
                connection.pipe.incoming = ByteBuffer()
            case .closed:
                receivedClose = true
                deliver(context: context)
                peerHasClosed(context: context)
            case .failed(let error):
                deliver(context: context)
                fail(error, fromTLS: true, context: context)
            }
            return
        }
    }

    private func deliver(context: ChannelHandlerContext) {
        guard let buffer = plaintext.take() else { return }
        guard buffer.readableBytes > 0 else {
            pool.give(buffer)
            return
        }
        delivered = true
        fire(buffer, to: pool) { context.fireChannelRead(wrapInboundOut($0)) }
    }

    private func peerHasClosed(context: ChannelHandlerContext) {
        guard phase == .open else { return }
        if delivered {
            delivered = false
            context.fireChannelReadComplete()
        }
        guard phase == .open else { return }
        if (try? context.channel.syncOptions?.getOption(.allowRemoteHalfClosure)) == true {
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            guard phase == .open, outputClosing else { return }
        }
        closeAll(context: context)
    }
}

// MARK: - Outbound

extension TLSHandler {
    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard phase.takesWrites, !outputClosing else {
            promise?.fail(outputClosing ? ChannelError.outputClosed : ChannelError.ioOnClosedChannel)
            return
        }
        writes.append(unwrapOutboundIn(data), promise: promise)
    }

    public func flush(context: ChannelHandlerContext) {
        writes.flush()
        encrypt(context: context)
    }

    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .input:
            promise?.fail(ChannelError.operationUnsupported)
        case .output:
            closeOutput(context: context, promise: promise)
        case .all:
            closePromise.setOrCascade(promise)
            closeAll(context: context)
        }
    }

    /// Encrypts what was flushed, as long as the channel takes it: what it does not take stays plaintext.
    private func encrypt(context: ChannelHandlerContext) {
        guard !encrypting, phase == .open || phase == .closing else { return }
        encrypting = true
        while writes.hasFlushed, phase == .open || phase == .closing, context.channel.isWritable {
            let batch = writes.encryptBatch(with: connection)
            if let failure = batch.failure {
                for promise in batch.promises { promise.fail(failure) }
                fail(failure, fromTLS: true, context: context)
                break
            }
            send(context: context, promise: EventLoopPromise.all(batch.promises))
        }
        encrypting = false
        if !writes.hasFlushed { finishClosing(context: context) }
    }

    /// Writes and flushes the ciphertext there is.
    private func send(context: ChannelHandlerContext, promise: EventLoopPromise<Void>? = nil) {
        let ciphertext = connection.pipe.takeOutgoing()
        guard ciphertext.readableBytes > 0 else {
            promise?.succeed()
            return
        }
        fire(ciphertext, to: pool) { context.writeAndFlush(wrapOutboundOut($0), promise: promise) }
    }

    /// Hands `buffer` on and gives it to the pool; a small one is handed on as a copy of its size.
    private func fire(_ buffer: consuming ByteBuffer, to pool: BufferPool, _ handOn: (ByteBuffer) -> Void) {
        if buffer.readableBytes < Self.smallSize {
            let copy = ByteBuffer(copying: buffer)
            pool.give(buffer)
            handOn(copy)
        } else {
            handOn(buffer)
            pool.give(buffer)
        }
    }
}

// MARK: - Closing and failing

extension TLSHandler {
    private func closeOutput(context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        switch phase {
        case .idle, .closed:
            context.close(mode: .output, promise: promise)
        case .handshaking, .open:
            guard !outputClosing else {
                promise?.fail(ChannelError.outputClosed)
                return
            }
            outputClosing = true
            outputClosePromise = promise
            writes.flush()
            encrypt(context: context)
        case .closing, .lingering:
            closePromise.setOrCascade(promise)
        }
    }

    private func closeAll(context: ChannelHandlerContext) {
        switch phase {
        case .idle, .handshaking, .closed:
            closeChannel(context: context)
        case .lingering, .closing:
            break
        case .open:
            phase = .closing
            for promise in writes.dropUnflushed() { promise.fail(ChannelError.ioOnClosedChannel) }
            // A peer that reads nothing must not keep the channel. What is cut off then lacks its close_notify.
            setTimer(Self.closeTime, context: context) { handler, context in
                handler.closeChannel(context: context)
            }
            encrypt(context: context)
        }
    }

    /// Sends close_notify once all that was flushed is encrypted.
    private func finishClosing(context: ChannelHandlerContext) {
        if phase == .open, outputClosing, outputClosed == nil {
            if receivedClose {
                closePromise.setOrCascade(outputClosePromise.take())
                closeAll(context: context)
                return
            }
            let promise = outputClosePromise.take() ?? context.eventLoop.makePromise()
            outputClosed = promise.futureResult
            connection.closeOutput()
            send(context: context)
            context.close(mode: .output, promise: promise)
        } else if phase == .closing, !encrypting {
            let sent: EventLoopFuture<Void>
            if let outputClosed {
                sent = outputClosed
            } else {
                let promise = context.eventLoop.makePromise(of: Void.self)
                sent = promise.futureResult
                outputClosed = sent
                connection.closeOutput()
                send(context: context, promise: promise)
            }
            sent.assumeIsolated().whenComplete { _ in
                if self.phase == .closing { self.closeChannel(context: context) }
            }
        }
    }

    /// Ends the connection because of `error`.
    /// - Parameter fromTLS: whether OpenSSL has seen the error, and has written an alert.
    private func fail(_ error: TLSError, fromTLS: Bool = false, context: ChannelHandlerContext) {
        guard phase == .handshaking || phase == .open || phase == .closing else { return }
        let lingers = fromTLS && connection.context.role == .server && !receivedClose && context.channel.isActive
        send(context: context)
        end(with: error, lingers: lingers, context: context)
        guard phase == .lingering else {
            closeChannel(context: context)
            return
        }
        context.close(mode: .output, promise: nil)
        guard phase == .lingering else { return }
        setTimer(Self.lingerTime, context: context) { handler, context in
            handler.closeChannel(context: context)
        }
    }

    private func end(with error: TLSError, lingers: Bool = false, context: ChannelHandlerContext) {
        let next: Phase = lingers ? .lingering : .closed
        finish(in: next, failingWritesWith: error)
        context.fireErrorCaught(error)
    }

    private func closeChannel(context: ChannelHandlerContext) {
        finish(failingWritesWith: ChannelError.ioOnClosedChannel)
        context.close(mode: .all, promise: closePromise.take())
    }

    /// Drops all that is held for the connection.
    private func finish(in next: Phase = .closed, failingWritesWith error: any Error) {
        phase = next
        timer?.cancel()
        timer = nil
        plaintext = nil
        connection.pipe.incoming = ByteBuffer()
        outputClosePromise.take()?.fail(error)
        for promise in writes.dropAll() { promise.fail(error) }
    }

    private func setTimer(
        _ time: TimeAmount,
        context: ChannelHandlerContext,
        _ body: @escaping (TLSHandler, ChannelHandlerContext) -> Void
    ) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
            if let self { body(self, context) }
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func writeRecord(from connection: TLSConnection) -> TLSConnection.Step<Int> {
        var step = TLSConnection.Step<Int>.incomplete
        writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { bytes in
            step = connection.read(into: bytes)
            if case .done(let count) = step { return count }
            return 0
        }
        return step
    }

    fileprivate init(copying other: borrowing ByteBuffer) {
        self = ByteBufferAllocator().buffer(capacity: other.readableBytes)
        other.withUnsafeReadableBytes { _ = writeBytes($0) }
    }
}

extension EventLoopPromise<Void> {
    /// A promise whose outcome all of `promises` share; nil where there are none.
    fileprivate static func all(_ promises: [EventLoopPromise<Void>]) -> EventLoopPromise<Void>? {
        guard let first = promises.first else { return nil }
        for other in promises.dropFirst() { first.futureResult.cascade(to: other) }
        return first
    }
}

extension Optional where Wrapped == EventLoopPromise<Void> {
    /// Makes `promise` share the outcome of the one held, or holds it.
    fileprivate mutating func setOrCascade(_ promise: EventLoopPromise<Void>?) {
        guard let promise else { return }
        if let held = self {
            held.futureResult.cascade(to: promise)
        } else {
            self = promise
        }
    }
}
