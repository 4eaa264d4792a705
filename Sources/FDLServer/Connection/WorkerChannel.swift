import FDLTLS
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1

/// Sets up each connection that Hummingbird's server accepts: our TLS, NIO's HTTP/1.1, our answers.
///
/// Everything happens in the channel's pipeline on its event loop. The task that the server starts for a connection
/// ends at once, since one that waits for the connection's end would take more than a kilobyte of each idle one;
/// `Connections` knows when all are gone.
struct WorkerChannel: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let channel: any Channel
    }

    let certificates: CertificateSource
    let services: ConnectionServices
    let connections: Connections

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        // A failure here must not reach the listening channel: it would take it for one of its own and close.
        do {
            if connections.admit(channel) {
                try configure(channel)
            } else {
                logger.debug("connection closed: there are as many as allowed")
                channel.close(promise: nil)
            }
        } catch {
            logger.warning("cannot set up a connection: \(error)")
            channel.close(promise: nil)
        }
        return channel.eventLoop.makeSucceededFuture(Value(channel: channel))
    }

    func handle(value: Value, logger: Logger) async {}

    private func configure(_ channel: any Channel) throws {
        try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
        // An idle connection keeps the buffer it last read into, and requests are small.
        try channel.syncOptions?.setOption(
            .recvAllocator,
            value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1024, maximum: 64 << 10)
        )
        // What is encrypted and not yet taken by the socket is memory that a slow client holds.
        try channel.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
        // Requests are small, and NIO keeps up to two of these for as long as the connection lives.
        let receiving = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 512, maximum: 16 << 10)
        try channel.syncOptions?.setOption(.recvAllocator, value: receiving)
        var decoding = NIOHTTPDecoderLimitConfiguration()
        // A longer request line or header than allowed is answered by the exchange handler, which knows which of the
        // two it was; one that is longer than both together ends in the decoder.
        decoding.maxHeaderFieldSize = services.limits.headerBytes + services.limits.requestLineBytes
        decoding.maxHeaderListSize = services.limits.headerBytes + services.limits.requestLineBytes
        decoding.maxHeaderFieldCount = 200
        let exchange = ExchangeHandler(services: services)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(TLSHandler(server: certificates.context, handshakeTimeout: services.limits.handshake))
        try pipeline.addHandler(ArrivalHandler(telling: exchange))
        try pipeline.addHandler(
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: decoding))
        )
        try pipeline.addHandler(HTTPResponseEncoder())
        try pipeline.addHandler(exchange)
    }
}
