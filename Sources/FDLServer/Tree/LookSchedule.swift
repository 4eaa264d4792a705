import NIOCore

/// When the worker looks at its tree again because of requests for what the catalog lacks.
///
/// A request waits for a look that begins after the request has come, so that what was there by then is found. One look
/// goes on at a time, and all requests that come meanwhile share the next one. A look finds out whether anything has
/// changed, and only then walks the tree; a walk begins at most once in `pause`, and less often in a large tree. So a
/// flood of requests for what is nowhere costs little more than one of them.
///
/// A value that is told the time and starts nothing itself. `Waiter` is who waits.
struct LookSchedule<Waiter> {
    /// What a look came to.
    enum Outcome {
        case unchanged
        /// The tree was walked.
        case walked
        /// The tree has changed, and it was too early for a walk.
        case postponed
    }

    private enum Phase {
        case idle, planned, looking
    }

    /// From one walk's beginning to the next one's, at least.
    static var pause: TimeAmount { .seconds(1) }
    /// Nobody waits longer than this for a walk to be allowed.
    static var patience: TimeAmount { .seconds(5) }

    private var phase = Phase.idle
    /// Who came since the last look began.
    private var coming: [Waiter] = []
    /// Whom the look that goes on is for.
    private var served: [Waiter] = []
    private var lookBegan = NIODeadline.distantPast
    private var nextLook = NIODeadline.distantPast
    private var nextWalk = NIODeadline.distantPast

    /// Takes one more who waits.
    /// - Returns: when a look is to begin; nil if one will begin without that.
    mutating func add(_ waiter: Waiter, now: NIODeadline) -> NIODeadline? {
        coming.append(waiter)
        guard case .idle = phase else { return nil }
        phase = .planned
        return max(now, nextLook)
    }

    /// A look begins.
    /// - Returns: whether it may walk the tree.
    mutating func begin(now: NIODeadline) -> Bool {
        phase = .looking
        served += coming
        coming = []
        lookBegan = now
        return now >= nextWalk
    }

    /// The look is over.
    /// - Returns: who need not wait any longer, and when the next look is to begin, if one is.
    mutating func end(_ outcome: Outcome, now: NIODeadline) -> (done: [Waiter], next: NIODeadline?) {
        let taken = now - lookBegan
        // Looks take a fifth of one thread's time at most.
        nextLook = now + taken * 4
        switch outcome {
        case .unchanged: break
        case .walked: nextWalk = lookBegan + max(Self.pause, taken * 5)
        case .postponed: nextLook = max(nextLook, nextWalk)
        }
        var done: [Waiter] = []
        if outcome != .postponed || nextLook > now + Self.patience { swap(&done, &served) }
        let isWaitedFor = !served.isEmpty || !coming.isEmpty
        phase = isWaitedFor ? .planned : .idle
        return (done, isWaitedFor ? nextLook : nil)
    }
}
