import NIOCore

/// Hands what has come to the HTTP decoder, in small portions and only while no request waits for its turn: however
/// many requests a peer sends ahead, they wait as the bytes they are, and only what one read brings.
///
/// It also tells the `ExchangeHandler` that bytes have come, since the decoder holds back an incomplete header.
final class ArrivalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// In bytes: a request of usual size goes through at once.
    static let portion = 1024

    private let exchange: ExchangeHandler
    private var context: ChannelHandlerContext?
    private var held = ByteBuffer()
    private var isHanding = false

    init(telling exchange: ExchangeHandler) {
        self.exchange = exchange
    }

    /// Whether requests may still come out of what has come.
    var hasMore: Bool { held.readableBytes > 0 || isHanding }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        exchange.arrival = self
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        held = ByteBuffer()
        exchange.arrival = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        exchange.bytesArrived()
        var buffer = unwrapInboundIn(data)
        if held.readableBytes == 0, buffer.readableBytes <= Self.portion, exchange.wantsRequests {
            return context.fireChannelRead(data)
        }
        held.writeBuffer(&buffer)
        handOn()
    }

    /// What is held is not wanted any more. What comes is read all the same, so that the peer's end is seen.
    func drop() { held = ByteBuffer() }

    /// Goes on with what is held, as long as the exchange wants more.
    func handOn() {
        guard !isHanding, held.readableBytes > 0 else { return }
        isHanding = true
        while let context, exchange.wantsRequests,
            let portion = held.readSlice(length: min(Self.portion, held.readableBytes)), portion.readableBytes > 0
        {
            context.fireChannelRead(wrapInboundOut(portion))
        }
        isHanding = false
        if !exchange.state.takesRequests { held.clear() }
        if held.readableBytes == 0 {
            held = ByteBuffer()
            exchange.allHandedOn()
        }
    }
}
