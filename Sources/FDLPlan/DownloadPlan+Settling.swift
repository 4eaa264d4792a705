import FDLCore

/// What follows each event: handing out what it has made free, and looking whether it was the last.
extension DownloadPlan {
    /// Hands out what the event has made free, and looks whether this was the end.
    mutating func settle() {
        if memoryAppeared || workAppeared { feed() }
        if idleAppeared {
            workAppeared = false
            hedge()
            // What has been taken from a slow connection is for the idle ones at once.
            if workAppeared { feed() }
        }
        if connectionsWanted { openConnections() }
        memoryAppeared = false
        workAppeared = false
        connectionsWanted = false
        idleAppeared = false
        checkEnd()
        if !isOver { wake(at: now + 0.5) }
    }

    private mutating func checkEnd() {
        guard remaining > 0 else {
            isOver = true
            actions.append(.finished)
            return
        }
        let blocked = pending.blockedCount
        guard blocked > 0, !blockedMayOpen else { return }
        // In order, nothing after a chunk that cannot be had is of use; in any order, all else is kept.
        guard unadmitted != nil || (flights.isEmpty && unstored.isEmpty && blocked == pending.count) else {
            return
        }
        isOver = true
        actions.append(
            .failed(
                DownloadFailure(
                    chunksLacking: remaining - unstored.count,
                    firstChunkLacking: pending.firstBlocked ?? 0,
                    reports: ledger.reports
                )
            )
        )
    }

    /// Whether some exclusion of a blocked chunk will pass.
    private var blockedMayOpen: Bool {
        exclusions.contains { pending.contains($0.chunk) && sources[$0.source].isLive }
    }

    mutating func tick() {
        nextWake = .infinity
        liftExclusions()
        review()
        memoryAppeared = true
        workAppeared = true
        connectionsWanted = true
        idleAppeared = true
    }

    /// Asks for a tick at `time`, unless one comes before.
    mutating func wake(at time: Double) {
        guard time < nextWake else { return }
        nextWake = time
        // The next whole millisecond after `time` and after now: a tick never comes too early, and time moves on.
        actions.append(.wake(at: .milliseconds(Int64(max(time, now) * 1000) + 1)))
    }

    mutating func takeActions() -> [Action] {
        let taken = actions
        actions = []
        return taken
    }
}
