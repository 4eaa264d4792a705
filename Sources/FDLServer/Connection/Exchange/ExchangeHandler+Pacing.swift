import NIOCore

extension ExchangeHandler {
    /// Where a connection stands with the rates that it has to keep.
    struct Pacing {
        var own = RatePacer()
        /// Whether the next piece has its time, which has come.
        var isBooked = false
        /// Whether the next piece waits for its time.
        var isWaiting = false
    }

    /// Whether any rate is to be kept.
    var isPaced: Bool { pacing.own.rate != nil || services.live?.rate != nil }

    /// How many bytes are sent at a time.
    var pieceLimit: Int {
        let own = RatePacer.pieceBytes(rate: pacing.own.rate, atMost: Self.pieceBytes)
        return RatePacer.pieceBytes(rate: services.live?.rate, atMost: own)
    }

    /// Books the time for what goes out with an answer's head: what follows waits for it.
    func bookFirst(_ bytes: Int) {
        guard isPaced else { return }
        let now = NIODeadline.now()
        _ = pacing.own.book(bytes, now: now)
        _ = services.live?.book(bytes, now: now)
    }

    /// Books the time for the next piece, and has `advance` called when it has come.
    /// - Parameter rest: how many bytes there are to send; 0 for an answer that has not begun.
    func mustWait(for rest: Int64, _ context: ChannelHandlerContext) -> Bool {
        guard !pacing.isWaiting else { return true }
        guard isPaced, !pacing.isBooked else {
            pacing.isBooked = false
            return false
        }
        let bytes = Int(min(rest, Int64(pieceLimit)))
        let now = NIODeadline.now()
        let wait = max(pacing.own.book(bytes, now: now), services.live?.book(bytes, now: now) ?? .zero)
        guard wait > .zero else { return false }
        pacing.isWaiting = true
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: wait) {
            handler.value.pacing.isWaiting = false
            handler.value.pacing.isBooked = true
            handler.value.advance()
        }
        return true
    }
}
