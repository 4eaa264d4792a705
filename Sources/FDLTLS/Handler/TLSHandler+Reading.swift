import FDLCore
package import NIOCore

extension TLSHandler {
    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var ciphertext = unwrapInboundIn(data)
        guard phase == .handshaking || phase == .open, !receivedClose else { return }
        if connection.pipe.incoming.readableBytes == 0 {
            connection.pipe.incoming = ciphertext
        } else {
            connection.pipe.incoming.writeBuffer(&ciphertext)
        }
        if phase == .handshaking {
            handshakeInTurn(context: context)
        } else {
            decrypt(context: context)
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        deliver(context: context)
        // A key update or an alert may wait to be sent.
        if phase == .open { send(context: context) }
        if reads == .delivered {
            reads = .nothing
            context.fireChannelReadComplete()
        } else if phase != .closed {
            // Whoever asked for a read got nothing from it, and with autoRead off would wait for ever.
            readOn(context: context)
        }
    }

    /// Asks the channel for more once it is writable: a peer that makes us send something (a key update, RFC 8446
    /// section 4.6.3) and does not read it must not fill our memory.
    func readOn(context: ChannelHandlerContext) {
        guard context.channel.isWritable, !waitsForTurn else {
            reads = .heldBack
            return
        }
        reads = .nothing
        context.read()
    }

    package func read(context: ChannelHandlerContext) {
        // What comes while the handshake waits for its turn would pile up.
        if waitsForTurn { reads = .heldBack } else { context.read() }
    }

    /// Decrypts what came in. Plaintext is gathered until the channel has no more for now, or a buffer is full.
    func decrypt(context: ChannelHandlerContext) {
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

    func deliver(context: ChannelHandlerContext) {
        guard let buffer = plaintext.take() else { return }
        guard buffer.readableBytes > 0 else {
            pool.give(buffer)
            return
        }
        reads = .delivered
        fire(buffer) { context.fireChannelRead(wrapInboundOut($0)) }
    }

    private func peerHasClosed(context: ChannelHandlerContext) {
        guard phase == .open else { return }
        if reads == .delivered {
            reads = .nothing
            context.fireChannelReadComplete()
        }
        guard phase == .open else { return }
        if (try? context.channel.syncOptions?.getOption(.allowRemoteHalfClosure)) == true {
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            guard phase == .open, !output.isOpen else { return }
        }
        closeAll(context: context)
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
}
