import NIOCore

/// Reads the PROXY header with which a proxy's connection begins, and leaves the pipeline. It stands before TLS.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// - Returns: false if the connection is to be closed.
    typealias Identified = (ProxyHeader.Client?) -> Bool

    private var arrived = ByteBuffer()
    private let identified: Identified
    private let refused: () -> Void

    /// - Parameters:
    ///   - identified: told of the client once it is known.
    ///   - refused: told if what comes is no such header; the connection is closed then.
    init(identified: @escaping Identified, refused: @escaping () -> Void) {
        self.identified = identified
        self.refused = refused
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        arrived.writeBuffer(&buffer)
        switch ProxyHeader.parse(Array(arrived.readableBytesView.prefix(ProxyHeader.maximumBytes))) {
        case .incomplete:
            return
        case .invalid:
            arrived = ByteBuffer()
            refused()
            context.close(promise: nil)
        case .header(let header):
            arrived.moveReaderIndex(forwardBy: header.length)
            let rest = arrived
            arrived = ByteBuffer()
            guard identified(header.client) else { return context.close(promise: nil) }
            if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        }
    }
}

@available(*, unavailable)
extension ProxyHeaderHandler: Sendable {}
