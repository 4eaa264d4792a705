import FDLCore
import NIOCore
import NIOHTTP1

/// A connection to a registry that is published into: one request after the other.
struct RegistryConnection: Sendable {
    let channel: any Channel
    let handler: NIOLoopBound<RegistryHandler>

    struct Answer: Sendable {
        let head: HTTPResponseHead
        let body: [UInt8]

        var response: RegistryResponse {
            RegistryResponse(
                status: Int(head.status.code),
                location: head.headers.first(name: "Location"),
                retryAfter: head.headers.first(name: "Retry-After").flatMap { UInt16($0) }.map(Int.init),
                body: body,
                isWebPage: WebPage.isPage(body, head.headers)
            )
        }
    }

    /// A body is given a second more for each so many bytes.
    private static let slowest = 64 << 10

    /// - Throws: `SourceError`; the connection is closed then.
    func send(_ head: HTTPRequestHead, _ body: [UInt8]) async throws(SourceError) -> Answer {
        let promise = channel.eventLoop.makePromise(of: Answer.self)
        let allowed = TimeAmount.seconds(60 + Int64(body.count / Self.slowest))
        channel.eventLoop.execute { handler.value.send(head, body, within: allowed, promise) }
        do { return try await promise.futureResult.get() } catch { throw SourceError(connectionError: error) }
    }

    func close() { channel.close(promise: nil) }
}

/// Confined to the connection's event loop.
final class RegistryHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private var context: ChannelHandlerContext?
    private var promise: EventLoopPromise<RegistryConnection.Answer>?
    private var timer: Scheduled<Void>?
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func send(
        _ request: HTTPRequestHead,
        _ bytes: [UInt8],
        within time: TimeAmount,
        _ promise: EventLoopPromise<RegistryConnection.Answer>
    ) {
        guard let context else { return promise.fail(SourceError.closedEarly("before the request")) }
        self.promise = promise
        (head, body) = (nil, [])
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [self] in
            end(context, SourceError.timeout("no whole answer for \(time.nanoseconds / 1_000_000_000) s"))
        }
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        if !bytes.isEmpty { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(let part):
            guard body.count + part.readableBytes <= RegistryResponse.maximumBytes else {
                return end(context, SourceError.protocolViolation("an answer of over 4 MiB"))
            }
            body += part.readableBytesView
        case .end:
            guard let head, let promise else { return }
            timer?.cancel()
            self.promise = nil
            promise.succeed(RegistryConnection.Answer(head: head, body: body))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end(context, error) }

    func channelInactive(context: ChannelHandlerContext) {
        end(context, SourceError.closedEarly("before the answer was complete"))
        context.fireChannelInactive()
    }

    private func end(_ context: ChannelHandlerContext, _ error: any Error) {
        timer?.cancel()
        promise?.fail(error)
        promise = nil
        context.close(promise: nil)
    }
}
