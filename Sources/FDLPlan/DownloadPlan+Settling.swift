import FDLCore

/// What follows each event: handing out what it has made free, and looking whether it was the last.
extension DownloadPlan {
    /// Hands out what the event has made free, and looks whether this was the end.
    mutating func settle() {
        if !agenda.concerns.isDisjoint(with: [.memory, .work]) { feed() }
        if agenda.concerns.contains(.idle) {
            agenda.clear(.work)
            hedge()
            // What has been taken from a slow connection is for the idle ones at once.
            if agenda.concerns.contains(.work) { feed() }
        }
        if agenda.concerns.contains(.connections) { openConnections() }
        agenda.clear(.all)
        checkEnd()
        if !agenda.isOver { agenda.wake(at: now + 0.5) }
    }

    private mutating func checkEnd() {
        guard book.remaining > 0 else { return agenda.end(.finished) }
        guard book.isBlocked, !blockedMayOpen else { return }
        agenda.end(
            .failed(
                DownloadFailure(
                    chunksMissing: book.unverifiedCount,
                    firstChunkMissing: book.pending.firstBlocked ?? 0,
                    reports: ledger.reports
                )
            )
        )
    }

    /// Whether some exclusion of a blocked chunk will pass.
    private var blockedMayOpen: Bool {
        exclusions.entries.contains { book.pending.contains($0.chunk) && sources[$0.source].isLive }
    }

    mutating func tick() {
        agenda.woken()
        liftExclusions()
        review()
        agenda.add(.all)
    }
}
