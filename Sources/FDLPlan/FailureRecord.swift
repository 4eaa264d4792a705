/// How one source has failed, and what it has made good since.
struct FailureRecord: Sendable, Equatable {
    /// Failures since the last good answer, several from one cause counted once.
    private(set) var inARow = 0
    private var firstAt = 0.0
    private var lastAt = -Double.infinity
    // How often failures have been forgotten since there was nothing to ask.
    private var amnesties = 0
    // Broken answers, and the good chunks since the last of them or since one was forgiven.
    private var strikes = 0
    private var acceptedSinceStrike = 0

    /// A failure of something begun at `since`. Several failures of things begun before the first of them have one
    /// cause, and count once.
    mutating func fail(begunAt since: Double, at now: Double) {
        guard since >= lastAt else { return }
        if inARow == 0 { firstAt = now }
        inARow += 1
        lastAt = now
    }

    /// A good answer: the count of failures in a row begins anew.
    mutating func answer() { inARow = 0 }

    /// A right chunk: 64 of them forgive a broken answer.
    mutating func accept() {
        acceptedSinceStrike += 1
        guard acceptedSinceStrike >= 64 else { return }
        acceptedSinceStrike = 0
        strikes = max(0, strikes - 1)
    }

    /// A broken answer.
    /// - Returns: whether that is more than is forgiven.
    mutating func strike(forgiving limit: Int) -> Bool {
        strikes += 1
        acceptedSinceStrike = 0
        return strikes > limit
    }

    /// It let us in, and we had nothing for it: its failures are forgotten. Not for ever, or two sources could take
    /// turns at this.
    mutating func forget(atMost limit: Int) {
        guard amnesties < limit else { return }
        amnesties += 1
        inARow = 0
    }

    /// Whether it has failed so often and for so long that it is given up.
    /// - Parameters:
    ///   - lastByteAt: when it last sent anything of an answer.
    ///   - anyContact: some source, not this one necessarily, has let us in.
    func isHopeless(
        at now: Double,
        lastByteAt: Double,
        anyContact: Bool,
        _ configuration: DownloadPlan.Configuration
    ) -> Bool {
        let length = now - firstAt
        guard anyContact else { return inARow >= 2 && length >= configuration.firstContactPatience }
        guard inARow >= configuration.failuresBeforeGivingUp else { return false }
        // A source that still sends something, though never a whole chunk, is borne with longer, but not for ever.
        return min(length, now - lastByteAt) >= configuration.patience || length >= 5 * configuration.patience
    }
}
