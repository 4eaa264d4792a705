import NIOCore

/// Tells the handler at the end of the pipeline of bytes, before the HTTP decoder holds back an incomplete header.
final class ArrivalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let exchange: ExchangeHandler

    init(telling exchange: ExchangeHandler) {
        self.exchange = exchange
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        exchange.bytesArrived()
        context.fireChannelRead(data)
    }
}
