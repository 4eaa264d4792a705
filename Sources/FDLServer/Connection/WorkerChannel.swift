import FDLTLS
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Sets up each connection that Hummingbird's server accepts: our TLS, NIO's HTTP/1.1, our answers.
///
/// Everything happens in the channel's pipeline on its event loop. The task that the server starts for a connection
/// does nothing but wait for its end, so that a graceful shutdown knows when all are gone.
struct WorkerChannel: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let channel: any Channel
    }

    let certificates: CertificateSource
    let services: ConnectionServices
    let admission: Admission

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        // A failure here must not reach the listening channel: it would take it for one of its own and close.
        do {
            if admission.admit(channel) {
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

    func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            try? await value.channel.closeFuture.get()
        } onCancel: {
            value.channel.close(promise: nil)
        }
    }

    private func configure(_ channel: any Channel) throws {
        try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
        // What is encrypted and not yet taken by the socket is memory that a slow client holds.
        try channel.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
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

/// Counts the connections of all listeners.
final class Admission: Sendable {
    private let limit: Int
    private let count = Atomic(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// - Returns: whether there is room for the connection; then it counts until it is closed.
    func admit(_ channel: any Channel) -> Bool {
        guard count.add(1, ordering: .relaxed).newValue <= limit else {
            count.subtract(1, ordering: .relaxed)
            return false
        }
        channel.closeFuture.whenComplete { _ in self.count.subtract(1, ordering: .relaxed) }
        return true
    }
}
