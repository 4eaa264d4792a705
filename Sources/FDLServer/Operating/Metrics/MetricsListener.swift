import FDLCore
import FDLSystem
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// Answers `GET /metrics` in plain HTTP, for a Prometheus server on the same machine or in the same private network. One
/// answer a connection, and few connections: it is not meant for the internet.
struct MetricsListener: Sendable {
    /// That the process listens at.
    let socket: ListeningSocket
    let loops: MultiThreadedEventLoopGroup
    /// Makes the text that is answered.
    let text: @Sendable () -> String

    /// How long a connection may take.
    private static let patience = TimeAmount.seconds(10)

    /// - Returns: what listens, to be closed at the end.
    /// - Throws: `WorkerError.metrics`.
    func open() async throws(WorkerError) -> any Channel {
        do {
            return try await ServerBootstrap(group: loops)
                .childChannelInitializer { [text] channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
                        try pipeline.addHandler(MetricsHandler(text: text, patience: Self.patience))
                    }
                }
                .withBoundSocket(socket.take())
                .get()
        } catch {
            let failure = error as? IOError
            let reason = failure?.description ?? "\(error)"
            let address = ListenAddress(host: socket.host, port: socket.port)
            throw .metrics(address, code: failure?.errnoCode ?? 0, reason: reason)
        }
    }
}

private final class MetricsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let text: @Sendable () -> String
    private let patience: TimeAmount
    private var head: HTTPRequestHead?
    private var timer: Scheduled<Void>?

    init(text: @escaping @Sendable () -> String, patience: TimeAmount) {
        self.text = text
        self.patience = patience
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = self.head ?? head
        case .body: break
        case .end:
            guard let head = head.take() else { return }
            answer(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ request: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let path = request.uri.prefix { $0 != "?" }
        let isRead = request.method == .GET || request.method == .HEAD
        let status: HTTPResponseStatus = path != "/metrics" ? .notFound : isRead ? .ok : .methodNotAllowed
        let body = ByteBuffer(string: status == .ok ? text() : "\(status.code) \(status.reasonPhrase)\n")
        let headers: HTTPHeaders = [
            "Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Content-Length": "\(body.readableBytes)",
            "Cache-Control": "no-store", "Connection": "close",
        ]
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if request.method != .HEAD { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        let channel = context.channel
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.whenComplete { _ in channel.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: sent)
    }
}
