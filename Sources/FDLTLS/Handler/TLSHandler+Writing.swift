import FDLCore
package import NIOCore

extension TLSHandler {
    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard phase.takesWrites, output.isOpen else {
            promise?.fail(phase.takesWrites ? ChannelError.outputClosed : ChannelError.ioOnClosedChannel)
            return
        }
        writes.append(unwrapOutboundIn(data), promise: promise)
    }

    package func flush(context: ChannelHandlerContext) {
        writes.flush()
        encrypt(context: context)
    }

    /// Encrypts what was flushed, as long as the channel is writable: the rest stays plaintext.
    func encrypt(context: ChannelHandlerContext) {
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
    func send(context: ChannelHandlerContext, promise: EventLoopPromise<Void>? = nil) {
        let ciphertext = connection.pipe.takeOutgoing()
        guard ciphertext.readableBytes > 0 else {
            promise?.succeed()
            return
        }
        fire(ciphertext) { context.writeAndFlush(wrapOutboundOut($0), promise: promise) }
    }

    /// Hands `buffer` on and gives it back to the pool; few bytes are handed on as a copy of their size.
    func fire(_ buffer: consuming ByteBuffer, _ handOn: (ByteBuffer) -> Void) {
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

extension ByteBuffer {
    fileprivate init(copying other: borrowing ByteBuffer) {
        self = ByteBufferAllocator().buffer(capacity: other.readableBytes)
        other.withUnsafeReadableBytes { _ = writeBytes($0) }
    }
}

extension EventLoopPromise<Void> {
    /// A promise whose outcome all of `promises` share; nil if there are none.
    fileprivate static func all(_ promises: [EventLoopPromise<Void>]) -> EventLoopPromise<Void>? {
        guard let first = promises.first else { return nil }
        for other in promises.dropFirst() { first.futureResult.cascade(to: other) }
        return first
    }
}
