import FDLCore
package import NIOCore

/// The user event that, triggered outbound, closes the channel at once: without close_notify, and without what has not
/// been sent yet.
package struct TLSAbort: Sendable {
    package init() {}
}

extension TLSHandler {
    package func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        guard event is TLSAbort else { return context.triggerUserOutboundEvent(event, promise: promise) }
        closeChannel(context: context)
        promise?.succeed()
    }

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
            guard output.isOpen else {
                promise?.fail(ChannelError.outputClosed)
                return
            }
            output = .ending(promise)
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
            // A peer that reads nothing must not keep the channel open. If it is cut off, it gets no close_notify.
            setTimer(Self.closeTime, context: context) { handler, context in
                handler.closeChannel(context: context)
            }
            encrypt(context: context)
        }
    }

    /// Called once all that was flushed is encrypted: if this side is ending, sends close_notify.
    func finishClosing(context: ChannelHandlerContext) {
        switch (phase, output) {
        case (.open, .ending) where receivedClose:
            closePromise.setOrCascade(output.takePromise())
            closeAll(context: context)
        case (.open, .ending(let promise)):
            let promise = promise ?? context.eventLoop.makePromise()
            output = .ended(promise.futureResult)
            connection.closeOutput()
            send(context: context)
            context.close(mode: .output, promise: promise)
        case (.closing, .ended(let sent)) where !encrypting:
            close(after: sent, context: context)
        case (.closing, _) where !encrypting:
            let promise = context.eventLoop.makePromise(of: Void.self)
            output.takePromise()?.fail(ChannelError.ioOnClosedChannel)
            output = .ended(promise.futureResult)
            connection.closeOutput()
            send(context: context, promise: promise)
            close(after: promise.futureResult, context: context)
        default: break
        }
    }

    private func close(after sent: EventLoopFuture<Void>, context: ChannelHandlerContext) {
        sent.assumeIsolated().whenComplete { _ in
            if self.phase == .closing { self.closeChannel(context: context) }
        }
    }

    /// Ends the connection because of `error`.
    /// - Parameter fromTLS: whether OpenSSL has found the error, and so may have written an alert.
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

    /// Drops all that is held for the connection, and fails the promises of what was not sent.
    func finish(in next: Phase = .closed, failingWritesWith error: any Error) {
        phase = next
        timer?.cancel()
        timer = nil
        plaintext = nil
        connection.pipe.incoming = ByteBuffer()
        output.takePromise()?.fail(error)
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
