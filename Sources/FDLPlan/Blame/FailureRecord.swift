/// The failures of one source, and the good answers that make up for them. Times are in seconds.
struct FailureRecord: Sendable, Equatable {
    /// Failures since the last good answer. Several with the same cause count once.
    private(set) var inARow = 0
    private var firstAt = 0.0
    private var lastAt = -Double.infinity
    // How often failures have been forgotten because there was nothing to ask for.
    private var amnesties = 0
    // Broken answers, and the good chunks since the last broken answer or since one was forgiven.
    private var strikes = 0
    private var acceptedSinceStrike = 0

    /// Counts the failure of a request or connection that was begun at `since`. One that was begun before the last
    /// counted failure is taken to have the same cause and is not counted.
    mutating func fail(begunAt since: Double, at now: Double) {
        guard since >= lastAt else { return }
        if inARow == 0 { firstAt = now }
        inARow += 1
        lastAt = now
    }

    /// Notes a good answer, which resets the count of failures in a row.
    mutating func answer() { inARow = 0 }

    /// Notes a verified chunk. After 64 of them one broken answer is forgiven.
    mutating func accept() {
        acceptedSinceStrike += 1
        guard acceptedSinceStrike >= 64 else { return }
        acceptedSinceStrike = 0
        strikes = max(0, strikes - 1)
    }

    /// Notes a broken answer.
    /// - Returns: whether there are more than `limit`.
    mutating func strike(forgiving limit: Int) -> Bool {
        strikes += 1
        acceptedSinceStrike = 0
        return strikes > limit
    }

    /// Forgets the failures in a row, because the source accepted a connection while there was nothing to ask it for.
    /// This is limited, because otherwise two sources could take turns at it for ever.
    mutating func forget(atMost limit: Int) {
        guard amnesties < limit else { return }
        amnesties += 1
        inARow = 0
    }

    /// Whether the source has failed so often and for so long that it is given up.
    /// - Parameters:
    ///   - lastByteAt: when it last sent a part of an answer.
    ///   - anyContact: whether any source, not necessarily this one, has accepted a connection.
    func isHopeless(
        at now: Double,
        lastByteAt: Double,
        anyContact: Bool,
        _ configuration: DownloadPlan.Configuration
    ) -> Bool {
        let length = now - firstAt
        guard anyContact else { return inARow >= 2 && length >= configuration.firstContactPatience }
        guard inARow >= configuration.failuresBeforeGivingUp else { return false }
        // A source that still sends bytes, though never a whole chunk, gets more time, but not for ever.
        return min(length, now - lastByteAt) >= configuration.patience || length >= 5 * configuration.patience
    }
}
