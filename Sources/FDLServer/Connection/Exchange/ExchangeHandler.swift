import FDLCore
import FDLTLS
import Logging
import NIOCore
import NIOHTTP1

/// The last handler of a connection's pipeline: takes requests, and answers them one after the other on the event loop.
///
/// What can be answered from memory or from the page cache never leaves the loop. Not Sendable.
final class ExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private enum CloseReason {
        case draining
        /// The peer has ended its side; it may still wait for its answers.
        case inputClosed
    }

    let services: ConnectionServices
    var state = State.ready
    var pending = CircularBuffer<PendingRequest>(initialCapacity: 1)
    var deadlines: ConnectionDeadlines
    var context: ChannelHandlerContext?
    /// What the socket still takes; nil without a channel.
    var room: SocketRoom?
    /// Who the peer is, once the handshake is done.
    private(set) var peerIdentity: TLSHandshakeCompleted?
    var turn = Turn.free
    var pacing = Pacing()
    /// When the request that is being answered was taken up.
    var started = NIODeadline.now()
    /// What is written and not yet flushed, in bytes, roughly.
    var unflushed = 0
    /// What has come before it; nil once the connection has ended.
    var arrival: ArrivalHandler?
    /// The client's address and port, if a proxy has told of it.
    var client: ProxyHeader.Client?
    /// Answers that are written but have not left the process yet; of those behind which others waited, none.
    var answersLeaving = 0
    /// Why the connection ends once nothing is left to answer.
    private var closesWhenDone: CloseReason?
    private var holdsBackRead = false
    private var timer: Scheduled<Void>?
    private var armed: NIODeadline?
    private let seat: ConnectionSeat?

    /// - Parameter seat: told of what the connection does; nil for one that is not counted.
    init(services: ConnectionServices, seat: ConnectionSeat? = nil) {
        self.services = services
        self.seat = seat
        pacing.own.rate = services.limits.connectionRate
        self.deadlines = ConnectionDeadlines(limits: services.limits, now: .now(), tally: services.metrics?.phases)
    }

    /// A phase begins.
    func enter(_ phase: ConnectionDeadlines.Phase) {
        let now = NIODeadline.now()
        deadlines.enter(phase, now: now)
        seat?.note(phase, now: now)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        room = SocketRoom(of: context.channel)
        deadlines.begin()
        arm()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadlines.end()
        self.context = nil
        room = nil
        timer?.cancel()
        timer = nil
    }

    // MARK: What comes in

    /// Called when bytes of the peer have arrived, before they are parsed.
    func bytesArrived() {
        if deadlines.phase == .idle { enter(.header) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // A body is ignored: the answer to a request that has one ends the connection.
        guard case .head(let head) = unwrapInboundIn(data) else { return }
        guard state.takesRequests else { return }
        pending.append(check(head))
        advance()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Only now: a request that is complete needs no timer.
        if deadlines.phase == .header { arm() }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        holdsBackRead = true
        releaseRead()
    }

    /// Whether one more request may come out of what has come.
    var wantsRequests: Bool { pending.isEmpty && state.takesRequests }

    private var hasMore: Bool { arrival?.hasMore ?? false }

    /// All that had come has been handed on.
    func allHandedOn() {
        if turn == .free { becomeIdle() }
    }

    /// Reads on if a read was asked for and neither requests nor answers pile up.
    func releaseRead() {
        guard holdsBackRead, let context, pending.isEmpty, !hasMore, context.channel.isWritable else { return }
        holdsBackRead = false
        context.read()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            if case .sending = state { enter(.answering) }
            advance()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as TLSHandshakeCompleted:
            peerIdentity = event
            services.metrics?.handshakeCompleted(event)
            enter(.idle)
            arm()
        case is ConnectionMakesRoom:
            makeRoom()
        case is ChannelShouldQuiesceEvent:
            if closesWhenDone == nil { closesWhenDone = .draining }
            closeIfDone()
        case ChannelEvent.inputClosed:
            closesWhenDone = .inputClosed
            closeIfDone()
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Another connection needs the room, unless something is answered here.
    private func makeRoom() {
        guard deadlines.phase != .answering else {
            if let seat { services.connections?.stay(seat) }
            return
        }
        services.logger.debug("connection closed: it makes room (\(deadlines.phase))", metadata: peer)
        close()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        services.logger.debug("connection failed: \(error)", metadata: peer)
        if deadlines.phase == .handshake, let error = error as? TLSError {
            services.metrics?.handshakeFailed(HandshakeFault(error))
        }
        guard let error = error as? HTTPParserError else { return close() }
        // After the last request nothing is looked at any more, and what is being sent still has to arrive.
        guard state.takesRequests else { return }
        pending.append(.refusal(RequestForm.status(for: error)))
        advance()
    }

    private func check(_ head: HTTPRequestHead) -> PendingRequest {
        // The 10 bytes are two spaces and the version.
        let lineBytes = head.uri.utf8.count + head.method.rawValue.utf8.count + 10
        if lineBytes > services.limits.requestLineBytes { return .refusal(.uriTooLong) }
        let headerBytes = head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        return headerBytes > services.limits.headerBytes ? .refusal(.requestHeaderFieldsTooLarge) : .request(head)
    }

    // MARK: The end

    /// Whether an answer that starts now is the connection's last.
    var isLastAnswer: Bool {
        pending.isEmpty && !hasMore && (closesWhenDone != nil || services.responder.isDraining)
    }

    /// Waits for the next request or closes the connection, if all answers have left the process.
    func becomeIdle() {
        releaseRead()
        guard isDone else { return }
        closeIfDone()
        if deadlines.phase == .answering { enter(.idle) }
    }

    /// Called when a written answer has left the process, or never will.
    func answerLeft() {
        answersLeaving -= 1
        if isFinished { finish() } else { becomeIdle() }
    }

    /// Whether nothing is left to answer or to send.
    private var isDone: Bool {
        if case .ready = state { pending.isEmpty && !hasMore && answersLeaving == 0 } else { false }
    }

    /// Whether the last answer has left.
    private var isFinished: Bool {
        if case .closing = state { answersLeaving == 0 } else { false }
    }

    private func closeIfDone() {
        if closesWhenDone != nil, isFinished || isDone { close() }
    }

    /// Ends this side after the last answer, and gives the peer a moment to end its own: closing at once with bytes
    /// unread would reset the connection, and the peer could lose the answer.
    private func finish() {
        guard closesWhenDone != .inputClosed else { return close() }
        enter(.closing)
        arm()
        context?.close(mode: .output, promise: nil)
    }

    func close() {
        end()
        context?.close(promise: nil)
    }

    /// Nothing is answered any more, and no other thread works for it.
    private func end() {
        recordUnfinished()
        let last = state
        state = .closed
        pending = CircularBuffer(initialCapacity: 1)
        if case .compressing(let ticket) = last { services.compression.leave(ticket) }
    }

    private func arm() {
        guard let context else { return }
        // A timer that is due earlier looks at the deadline again. While answering, one that is due later is kept too:
        // a stalled answer may be noticed a little late, so that not every request costs a timer.
        if let armed, armed <= deadlines.deadline || deadlines.phase == .answering { return }
        timer?.cancel()
        armed = deadlines.deadline
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(deadline: deadlines.deadline) { handler.value.timerFired() }
    }

    private func timerFired() {
        armed = nil
        let now = NIODeadline.now()
        // If this machine is slow to read or compress, that is not the peer's fault.
        switch state {
        case .looking, .compressing, .reading: enter(.answering)
        case .ready where pacing.isWaiting, .sending where pacing.isWaiting: enter(.answering)
        case .ready, .sending, .closing, .closed: break
        }
        guard now >= deadlines.deadline else { return arm() }
        if deadlines.phase == .handshake { services.metrics?.handshakeFailed(.timeout) }
        services.logger.debug("connection closed: too slow (\(deadlines.phase))", metadata: peer)
        close()
    }

    var peer: Logger.Metadata {
        ["peer": "\(client?.description ?? context?.channel.remoteAddress?.description ?? "unknown")"]
    }
}
