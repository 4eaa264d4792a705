import FDLCompression
import FDLCore
import FDLPlan
import FDLTLS
import NIOCore
import NIOHTTP1

/// One connection's requests and answers: writes pipelined requests, checks each answer as it comes, and lets only
/// verified chunks out.
final class FetchHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = FetchCommand
    typealias OutboundOut = HTTPClientRequestPart

    private static let informationalLimit = 8
    private static let discardLimit = 64 << 10
    /// Progress is told in steps of this, and each second, not for each read.
    private static let progressStep = 1 << 20
    /// What a broken answer had brought counts as a transfer if it is this much, though it came to nothing.
    private static let leastTold = 256 << 10

    private let id: ConnectionID
    private let writer: RequestWriter
    private let sink: FetchSink
    private let buffers: ChunkBufferPool
    private let limiter: RateLimiter?
    private let timeouts: FetchTimeouts
    private var compression: CompressionChoice

    private let ready: EventLoopPromise<Void>
    private var isReady = false
    /// Why the connection ends, where that is known before it is closed.
    private var closeReason: SourceError?
    /// Whether the source has said that it closes, or we do: what is outstanding is then nobody's fault.
    private var endsWithoutBlame = false
    private var outstanding = CircularBuffer<Exchange>()
    private var informational = 0
    private var readBytes = 0
    private var lastMark = NIODeadline.now()
    private var bytesSinceMark = 0
    private var timer: Scheduled<Void>?

    init(
        id: ConnectionID,
        writer: RequestWriter,
        sink: FetchSink,
        buffers: ChunkBufferPool,
        limiter: RateLimiter?,
        compression: DownloadRequest.Compression,
        timeouts: FetchTimeouts,
        ready: EventLoopPromise<Void>
    ) {
        self.id = id
        self.writer = writer
        self.sink = sink
        self.buffers = buffers
        self.limiter = limiter
        self.compression = CompressionChoice(mode: compression)
        self.timeouts = timeouts
        self.ready = ready
    }

    /// Completes when the TLS handshake is done, or fails with what went wrong before.
    var whenReady: EventLoopFuture<Void> { ready.futureResult }

    // MARK: Requests

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .fetch(let id, let chunks):
            let request = writer.request(id, chunks: chunks, compressed: compression.nextIsCompressed())
            let isIdle = outstanding.isEmpty
            if isIdle {
                mark()
                startTimer(context)
            }
            outstanding.append(Exchange(request, measuresDelay: isIdle))
            context.write(wrapOutboundOut(.head(request.head)), promise: nil)
            context.write(wrapOutboundOut(.end(nil)), promise: promise)
        case .cancel(let id):
            outstanding.first { $0.request.id == id }?.cancel()
            promise?.succeed()
        }
    }

    // MARK: Answers

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard closeReason == nil else { return }
        guard let exchange = outstanding.first else {
            return end(context, because: .protocolViolation("an answer that nobody asked for"))
        }
        do throws(SourceError) {
            switch unwrapInboundIn(data) {
            case .head(let head): try take(head, exchange)
            case .body(let bytes): try take(bytes, exchange)
            case .end: try finish(exchange, context)
            }
        } catch {
            fail(exchange, error, context)
        }
    }

    private func take(_ head: HTTPResponseHead, _ exchange: Exchange) throws(SourceError) {
        mark()
        guard head.status.code >= 200 else {
            informational += 1
            guard informational <= Self.informationalLimit, head.status.code != 101 else {
                throw .protocolViolation("too many interim answers")
            }
            return
        }
        informational = 0
        exchange.isLast = !head.isKeepAlive
        if exchange.measuresDelay, !exchange.isCancelled { sink.post(.began(exchange.request.id)) }
        do throws(SourceError) {
            let encoding = try ResponseCheck.accept(head, for: exchange.request)
            try exchange.begin(encoding, buffers)
        } catch {
            switch error {
            // The next answer on this connection may be a good one: the body is read past.
            case .missing, .status, .forbidden: exchange.refuse(error)
            default: throw error
            }
        }
    }

    private func take(_ bytes: ByteBuffer, _ exchange: Exchange) throws(SourceError) {
        let count = bytes.readableBytes
        readBytes += count
        bytesSinceMark += count
        exchange.wireBytes += count
        if bytesSinceMark >= timeouts.slowestBytes { mark() }
        guard exchange.refusal == nil, !exchange.isCancelled else {
            // An answer that is not wanted is read past where that is short; else the connection is not worth it.
            guard exchange.wireBytes <= max(Self.discardLimit, exchange.request.bodyLength) else {
                throw exchange.refusal ?? .protocolViolation("the body is longer than the chunk")
            }
            return
        }
        exchange.untoldBytes += count
        if exchange.untoldBytes >= Self.progressStep { tellProgress(exchange) }
        let sink = sink
        let id = exchange.request.id
        try exchange.append(bytes) { chunk, buffer in
            sink.post(.verified(id, chunk: chunk.index))
            sink.accept(chunk.index, buffer)
        }
    }

    private func tellProgress(_ exchange: Exchange) {
        guard exchange.untoldBytes > 0, !exchange.isCancelled else { return }
        sink.post(.progress(exchange.request.id, bytes: exchange.untoldBytes))
        exchange.untoldBytes = 0
    }

    /// Before the end of a broken answer is told: what it brought, if that was a transfer.
    private func tellTransfer(_ exchange: Exchange) {
        if exchange.untoldBytes >= Self.leastTold { tellProgress(exchange) }
    }

    private func finish(_ exchange: Exchange, _ context: ChannelHandlerContext) throws(SourceError) {
        guard exchange.hasHead else { return }
        if let refusal = exchange.refusal {
            exchange.endRefusal()
            throw refusal
        }
        if !exchange.isCancelled { try exchange.finish() }
        let now = NIODeadline.now()
        compression.observe(
            bytes: exchange.wireBytes,
            in: .nanoseconds((now - max(exchange.started, exchange.headline)).nanoseconds),
            wasAsked: exchange.request.acceptsCompression,
            encoding: exchange.encoding
        )
        advance(context)
    }

    /// The first exchange is over: the next one's answer is due.
    private func advance(_ context: ChannelHandlerContext) {
        // The end is nobody's fault only after the whole of the answer that announced it.
        if outstanding.removeFirst().isLast { endsWithoutBlame = true }
        mark()
        outstanding.first?.headline = .now()
        if outstanding.isEmpty {
            timer?.cancel()
            timer = nil
        }
        if endsWithoutBlame { context.close(promise: nil) }
    }

    private func fail(_ exchange: Exchange, _ error: SourceError, _ context: ChannelHandlerContext) {
        if !exchange.isCancelled {
            tellTransfer(exchange)
            sink.post(.failed(exchange.request.id, chunk: exchange.currentChunk, error))
        }
        switch error {
        case .missing where exchange.isComplete, .status where exchange.isComplete,
            .forbidden where exchange.isComplete:
            advance(context)
        default:
            // What follows on this connection cannot be told from the rest of the bad answer.
            endsWithoutBlame = true
            outstanding.removeFirst()
            end(context, because: error)
        }
    }

    // MARK: The connection's life

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSHandshakeCompleted {
            isReady = true
            ready.succeed()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        if limiter != nil { context.read() }
    }

    /// With a rate limit the channel reads only when told to.
    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        guard let limiter else { return }
        let now = NIODeadline.now()
        let resume = limiter.charge(readBytes, at: now)
        readBytes = 0
        guard resume > now else { return context.read() }
        // The wait is ours, not the source's.
        lastMark = max(lastMark, resume)
        context.eventLoop.assumeIsolated().scheduleTask(deadline: resume) { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(context, because: SourceError(connectionError: error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(context, because: .closedEarly(outstanding.isEmpty ? "idle" : "before the answer was complete"))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        if !isReady { ready.fail(closeReason ?? .closedEarly("during the TLS handshake")) }
    }

    /// Closes the connection and says why, once.
    private func end(_ context: ChannelHandlerContext, because error: SourceError) {
        guard closeReason == nil else { return }
        closeReason = error
        timer?.cancel()
        if isReady {
            if let exchange = outstanding.first { tellTransfer(exchange) }
            let isBlamed = !endsWithoutBlame && !outstanding.isEmpty
            sink.post(.connectionClosed(id, isBlamed ? error : nil))
        } else {
            ready.fail(error)
        }
        outstanding.removeAll()
        context.close(promise: nil)
    }

    // MARK: Timeouts

    private func mark() {
        lastMark = max(lastMark, .now())
        bytesSinceMark = 0
    }

    private func startTimer(_ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [weak self] in
            self?.checkTime(context)
        }
    }

    private func checkTime(_ context: ChannelHandlerContext) {
        guard closeReason == nil, let exchange = outstanding.first else { return }
        // What a slow source has given in a second tells the plan how slow it is.
        tellProgress(exchange)
        let isStarted = exchange.hasHead
        let allowed = isStarted ? timeouts.stall : timeouts.firstByte
        guard NIODeadline.now() - lastMark > allowed else { return startTimer(context) }
        let seconds = allowed.nanoseconds / 1_000_000_000
        fail(
            exchange,
            .timeout(isStarted ? "hardly a byte for \(seconds) s" : "no answer for \(seconds) s"),
            context
        )
    }
}
