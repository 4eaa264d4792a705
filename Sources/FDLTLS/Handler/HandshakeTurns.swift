import NIOCore

/// The handshakes of one event loop that wait for their turn, the first to come first. Confined to that loop.
final class HandshakeTurns {
    /// How many may wait: with an ECDSA key, about as many as a loop makes in a quarter of a second.
    static let limit = 512
    /// If handshakes go on later than this, the loop had something else to do.
    private static let idleTime = TimeAmount.microseconds(150)

    let nextPoll = NextPoll()
    private var budget = HandshakeBudget(now: NIODeadline.now().uptimeNanoseconds)
    private var waiting = CircularBuffer<() -> Void>()
    private var isScheduled = false

    /// Runs `step` at once, or when it is its turn.
    /// - Returns: false if too many wait; then it is not run.
    func take(on eventLoop: any EventLoop, _ step: @escaping () -> Void) -> Bool {
        if waiting.isEmpty, budget.allows(now: Self.now) {
            run(step)
            return true
        }
        guard waiting.count < Self.limit else { return false }
        waiting.append(step)
        schedule(on: eventLoop)
        return true
    }

    private func schedule(on eventLoop: any EventLoop) {
        if isScheduled { return }
        isScheduled = true
        let start = NIODeadline.now()
        nextPoll.run(on: eventLoop) {
            self.isScheduled = false
            self.goOn(after: NIODeadline.now() - start)
            if !self.waiting.isEmpty { self.schedule(on: eventLoop) }
        }
    }

    private func goOn(after pause: TimeAmount) {
        if pause < Self.idleTime { budget.forgive() }
        while budget.allows(now: Self.now), let step = waiting.popFirst() { run(step) }
    }

    /// Runs `step` at once, and counts the time that it takes.
    func run(_ step: () -> Void) {
        let start = Self.now
        step()
        budget.spend(from: start, to: Self.now)
    }

    private static var now: UInt64 { NIODeadline.now().uptimeNanoseconds }
}
