import NIOCore

/// Tells the `ExchangeHandler` that bytes have arrived: it stands before the HTTP decoder, which holds back an
/// incomplete header.
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
