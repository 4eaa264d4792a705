import FDLCore
package import NIOCore

extension TLSHandler {
    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
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

    func closeAll(context: ChannelHandlerContext) {
        switch phase {
        case .idle, .handshaking, .closed:
            closeChannel(context: context)
        case .lingering, .closing:
            break
        case .open where socketHasFailed:
            closeChannel(context: context)
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
    func finishClosing(context: ChannelHandlerContext) {
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
    func fail(_ error: TLSError, fromTLS: Bool = false, context: ChannelHandlerContext) {
        guard phase == .handshaking || phase == .open || phase == .closing else { return }
        let alerts = fromTLS && connection.pipe.outgoing.readableBytes > 0
        let lingers = alerts && connection.context.role == .server && !receivedClose && context.channel.isActive
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

    func end(with error: TLSError, lingers: Bool = false, context: ChannelHandlerContext) {
        let next: Phase = lingers ? .lingering : .closed
        finish(in: next, failingWritesWith: error)
        context.fireErrorCaught(error)
    }

    func closeChannel(context: ChannelHandlerContext) {
        finish(failingWritesWith: ChannelError.ioOnClosedChannel)
        context.close(mode: .all, promise: closePromise.take())
    }

    /// Drops all that is held for the connection.
    func finish(in next: Phase = .closed, failingWritesWith error: any Error) {
        phase = next
        timer?.cancel()
        timer = nil
        plaintext = nil
        connection.pipe.incoming = ByteBuffer()
        outputClosePromise.take()?.fail(error)
        for promise in writes.dropAll() { promise.fail(error) }
    }

    func setTimer(
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
