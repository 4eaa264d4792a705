import FDLCore
import FDLPlan
import FDLTLS
import NIOCore
import NIOHTTP1

/// Handles the requests and responses of one connection: writes pipelined requests, checks each response as it
/// arrives, and hands on only verified chunks. A request that is redirected goes to the connection's `RedirectFollower`.
final class FetchHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = [FetchCommand]
    typealias OutboundOut = HTTPClientRequestPart

    enum Phase {
        case handshaking
        case open
        /// The source has announced that it closes the connection, or this side closes it. Requests that are still
        /// outstanding fail without blame.
        case ending
        /// The plan has been told, or whoever waits for the handshake.
        case closed
    }

    private static let informationalLimit = 8
    /// In bytes. Progress is reported in steps of this and once a second, not for each read.
    private static let progressStep = 1 << 20
    /// In bytes. A response that breaks off counts as a transfer if it has brought at least this much, although its
    /// bytes are lost.
    private static let leastTold = 256 << 10

    let role: Role
    let follower: RedirectFollower
    let writer: RequestWriter
    var sink: Outbox
    let settings: FetchSettings
    let compression: SourceCompression

    private let ready: EventLoopPromise<Void>
    private(set) var context: ChannelHandlerContext?
    var phase = Phase.handshaking
    /// Something came for a source that had closed the connection: it has to end, so that the plan hears of it.
    var hasLost = false
    var outstanding = CircularBuffer<Exchange>()
    private var informational = 0
    /// How many answers have come to their end.
    private(set) var answered = 0
    var readBytes = 0
    /// When the current timeout began.
    private var lastMark = NIODeadline.now()
    var bytesSinceMark = 0
    private var timer: Scheduled<Void>?
    /// Set while one response brings a whole file.
    var stream: RangeAdapter?
    /// Of the whole file, those that were of no use and that the plan has not been told of.
    var pastBytes = 0
    /// Whether the channel wants to read, and nothing is asked for of the stream.
    var isReadHeld = false

    /// - Parameter follower: those of the connection to the source, also where this is one of them.
    init(
        _ role: Role,
        writer: RequestWriter,
        follower: RedirectFollower,
        sink: FetchSink,
        settings: FetchSettings,
        compression: SourceCompression,
        ready: EventLoopPromise<Void>
    ) {
        self.role = role
        self.follower = follower
        self.writer = writer
        self.sink = Outbox(to: sink)
        self.settings = settings
        self.compression = compression
        self.ready = ready
        if case .source = role { follower.home = self }
    }

    /// Completes when the TLS handshake is done; fails with a `SourceError` if the connection ends before.
    var whenReady: EventLoopFuture<Void> { ready.futureResult }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        compression.joined()
    }

    // MARK: Responses

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .closed else { return }
        guard stream == nil else { return stream(unwrapInboundIn(data), context) }
        guard let exchange = outstanding.first else {
            return end(context, because: .protocolViolation("an answer that nobody asked for"))
        }
        do throws(SourceError) {
            switch unwrapInboundIn(data) {
            case .head(let head): try take(head, exchange, context)
            case .body(let bytes): try take(bytes, exchange)
            case .end: try finish(exchange, context)
            }
        } catch {
            guard error == .corrupt, exchange.isAtLastChunk else { return fail(exchange, error, context) }
            // Wrong bytes in a sound answer: the next one on this connection may be right.
            if !exchange.isCancelled { tellFailure(exchange, error) }
            exchange.cancel()
        }
    }

    private func take(
        _ head: HTTPResponseHead,
        _ exchange: Exchange,
        _ context: ChannelHandlerContext
    ) throws(SourceError) {
        mark()
        guard head.status.code >= 200 else {
            informational += 1
            guard informational <= Self.informationalLimit, head.status.code != 101 else {
                throw .protocolViolation("too many interim answers")
            }
            return
        }
        informational = 0
        if exchange.measuresDelay, !exchange.isCancelled, Redirection(head) == nil {
            sink.post(.began(exchange.request.id))
        }
        if case .source(let id) = role, let adapter = RangeAdapter(head, to: exchange.request) {
            follower.answered(exchange.request, byRedirect: false)
            return begin(adapter, exchange, on: id)
        }
        try exchange.begin(head, settings.buffers)
        guard case .source(let id) = role else { return }
        if !exchange.isRedirected, !exchange.isChallenged {
            follower.answered(exchange.request, byRedirect: false)
        }
        // Told at once: what was asked behind it can be asked elsewhere while it comes.
        if exchange.isLast { sink.post(.lastAnswer(exchange.request.id, number: answered + 1, on: id)) }
    }

    func take(_ bytes: ByteBuffer, _ exchange: Exchange) throws(SourceError) {
        let count = bytes.readableBytes
        readBytes += count
        bytesSinceMark += count
        exchange.count(count)
        if bytesSinceMark >= settings.timeouts.slowestBytes { mark() }
        if exchange.bytesToTell >= Self.progressStep { tellProgress(exchange) }
        try exchange.append(bytes) { chunk, buffer in
            sink.accept(VerifiedChunk(index: chunk.index, buffer: buffer), of: exchange.request.id)
        }
    }

    private func tellProgress(_ exchange: Exchange) {
        let bytes = exchange.bytesToTell
        guard bytes > 0 else { return }
        sink.post(.progress(exchange.request.id, bytes: bytes))
        exchange.bytesAreTold()
    }

    /// Reports what a broken response has brought if that was a transfer. Call this before reporting its end.
    func tellTransfer(_ exchange: Exchange) {
        if exchange.bytesToTell >= Self.leastTold { tellProgress(exchange) }
    }

    func finish(_ exchange: Exchange, _ context: ChannelHandlerContext) throws(SourceError) {
        guard let outcome = try exchange.finish() else { return }
        switch outcome {
        case .whole(let form):
            if let arrival = exchange.arrival { compression.observe(arrival, to: exchange.request, as: form) }
            if case .link(let link) = role { follower.succeed(exchange.request, on: link) }
        case .refused(let error): tellFailure(exchange, error)
        case .elsewhere(let redirection):
            // Nothing more is asked of a connection that the source will close.
            if exchange.isLast { phase = .ending }
            follower.follow(redirection, exchange.request, on: link)
        case .challenged(let challenge):
            if exchange.isLast { phase = .ending }
            follower.challenged(exchange.request, by: challenge, on: link)
        case .ignored: if exchange.isChallenged { follower.gate?.dropped(exchange.request.id) }
        }
        advance(context)
    }

    /// Removes the first exchange, which is over: the next response is due.
    private func advance(_ context: ChannelHandlerContext) {
        // A close that was announced is without fault only after the response that announced it is complete.
        let over = outstanding.removeFirst()
        if over.isLast { phase = .ending }
        answered += 1
        mark()
        if let next = outstanding.first {
            next.becomesDue(behind: over)
        } else {
            timer?.cancel()
            timer = nil
        }
        if phase == .ending { context.close(promise: nil) }
    }

    /// Ends the connection because the first response is broken: what follows cannot be told from the rest of it.
    func fail(_ exchange: Exchange, _ error: SourceError, _ context: ChannelHandlerContext) {
        if !exchange.isCancelled { tellFailure(exchange, error) }
        phase = .ending
        outstanding.removeFirst()
        end(context, because: error)
    }

    // MARK: The connection's life

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSHandshakeCompleted, phase == .handshaking {
            phase = .open
            ready.succeed()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        if settings.limiter != nil { context.read() }
    }

    /// With a rate limit the channel reads only on request (`autoRead` is off).
    func channelReadComplete(context: ChannelHandlerContext) {
        sink.flush()
        context.fireChannelReadComplete()
        guard let limiter = settings.limiter else { return }
        let now = NIODeadline.now()
        let resume = limiter.charge(readBytes, at: now)
        readBytes = 0
        guard resume > now else { return read(context: context) }
        // The limit causes this wait, so it must not count towards the source's timeouts.
        lastMark = max(lastMark, resume)
        context.eventLoop.assumeIsolated().scheduleTask(deadline: resume) { [self] in
            read(context: context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(context, because: SourceError(connectionError: error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(context, because: .closedEarly(outstanding.isEmpty ? "idle" : "before the answer was complete"))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        compression.left()
        timer?.cancel()
        if phase == .handshaking { ready.fail(SourceError.closedEarly("during the TLS handshake")) }
    }

    /// Closes the connection and reports why, once.
    private func end(_ context: ChannelHandlerContext, because error: SourceError) {
        let last = phase
        guard last != .closed else { return }
        phase = .closed
        timer?.cancel()
        if last == .handshaking {
            ready.fail(error)
        } else {
            if let exchange = outstanding.first { tellTransfer(exchange) }
            tellEnd(last == .open && isFault(error) ? error : nil)
        }
        outstanding.removeAll()
        context.close(promise: nil)
    }

    // MARK: Timeouts

    /// Starts the timeouts anew.
    func mark() {
        lastMark = max(lastMark, .now())
        bytesSinceMark = 0
    }

    func startTimer(_ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [weak self] in
            self?.checkTime(context)
        }
    }

    private func checkTime(_ context: ChannelHandlerContext) {
        guard phase != .closed, let exchange = outstanding.first else { return }
        // The plan learns how slow a source is from what it has sent in each second.
        tellProgress(exchange)
        tellPast(exchange)
        sink.flush()
        let isStarted = exchange.hasHead
        let allowed = isStarted ? settings.timeouts.stall : settings.timeouts.firstByte
        guard NIODeadline.now() - lastMark > allowed else { return startTimer(context) }
        let seconds = allowed.nanoseconds / 1_000_000_000
        fail(
            exchange,
            .timeout(isStarted ? "hardly a byte for \(seconds) s" : "no answer for \(seconds) s"),
            context
        )
    }
}
