import FDLTLS
import Logging
import NIOCore
import NIOHTTP1

/// Sets up each accepted connection: our TLS, NIO's HTTP/1.1, our answers.
///
/// Everything happens in the channel's pipeline on its event loop. No task waits for the connection's end, since that
/// would take more than a kilobyte for each idle one; `Connections` knows when all are gone.
struct WorkerChannel: Sendable {
    let certificates: ReloadableTLSContext
    let services: ConnectionServices
    let connections: Connections

    /// The type of the pipeline's decoder, made by the first who asks for it, while all others wait. Swift's runtime
    /// (6.3.1) can crash where several event loops make it at the same time, each of them checking what the other's
    /// half-made one conforms to.
    static let decoderType: Void = { _ = ByteToMessageHandler(HTTPRequestDecoder()) }()

    /// How many descriptors `prepare` opens for each event loop.
    static let descriptorsPerLoop = 2

    /// Opens what the connections of each event loop share. Connections can use up the descriptors.
    func prepare(_ loops: any EventLoopGroup) async {
        for eventLoop in loops.makeIterator() {
            // Nothing in it throws.
            try? await eventLoop.submit {
                services.turns.value(on: eventLoop).nextPoll.prepare(on: eventLoop)
                certificates.context.prepareTurns(on: eventLoop)
            }
            .get()
        }
    }

    /// Sets a connection up, or closes it. To be called on its event loop.
    func setUp(_ channel: any Channel) {
        do {
            if let seat = connections.admit(channel, from: ClientAddress(channel.remoteAddress)) {
                try configure(channel, seat)
            } else {
                services.logger.debug("connection closed: no more are allowed")
                channel.close(promise: nil)
            }
        } catch {
            services.logger.warning("cannot set up a connection: \(error)")
            channel.close(promise: nil)
        }
    }

    private func configure(_ channel: any Channel, _ seat: ConnectionSeat) throws {
        let options = channel.syncOptions
        try options?.setOption(.tcpOption(.tcp_nodelay), value: 1)
        // A peer may end its stream and still wait for its answers.
        try options?.setOption(.allowRemoteHalfClosure, value: true)
        // Ciphertext that the socket has not taken yet is memory that a slow client holds: one record, if nothing else
        // fits.
        try options?.setOption(.writeBufferWaterMark, value: .init(low: 8 << 10, high: 16 << 10))
        // Requests are small, and NIO keeps up to two of these for as long as the connection lives.
        let receiving = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 512, maximum: 16 << 10)
        try options?.setOption(.recvAllocator, value: receiving)
        // What one read brings is all that has to be kept of a peer that sends ahead.
        try options?.setOption(.maxMessagesPerRead, value: 1)
        var services = services
        if let live = services.live {
            services.limits = live.current
            services.demandsTLS = live.demandsTLS
        }
        var decoding = NIOHTTPDecoderLimitConfiguration()
        // A request line or header that is too long is refused by the exchange handler, which knows which of the two it
        // was. The decoder fails only if one is longer than both limits together.
        decoding.maxHeaderFieldSize = services.limits.headerBytes + services.limits.requestLineBytes
        decoding.maxHeaderListSize = services.limits.headerBytes + services.limits.requestLineBytes
        decoding.maxHeaderFieldCount = 200
        let exchange = ExchangeHandler(services: services, seat: seat)
        let pipeline = channel.pipeline.syncOperations
        if connections.isProxy(ClientAddress(channel.remoteAddress)) {
            try pipeline.addHandler(proxyHeader(channel, exchange, seat))
        }
        // The exchange handler has a timer anyway, and a deadline for the handshake.
        try pipeline.addHandler(TLSHandler(server: certificates.context, handshakeTimeout: nil))
        try pipeline.addHandler(ArrivalHandler(telling: exchange))
        try pipeline.addHandler(
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: decoding))
        )
        try pipeline.addHandler(exchange)
    }

    private func proxyHeader(
        _ channel: any Channel,
        _ exchange: ExchangeHandler,
        _ seat: ConnectionSeat
    ) -> ProxyHeaderHandler {
        let notices = services.notices
        let proxy = "\(ClientAddress(channel.remoteAddress))"
        return ProxyHeaderHandler { [connections, weak exchange] client in
            guard let client else { return true }
            exchange?.client = client
            return connections.move(seat, to: client.address)
        } refused: {
            notices.happened(.proxyHeader, ["proxy": "\(proxy)"])
        }
    }
}
