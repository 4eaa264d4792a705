import FDLCore

/// What follows each event: handing out work, and checking for the end.
extension DownloadPlan {
    /// Hands out what the event has made available, opens connections, and checks for the end.
    mutating func settle() {
        openSecondChances()
        if !agenda.concerns.isDisjoint(with: [.memory, .work]) { feed() }
        if agenda.concerns.contains(.idle) {
            agenda.clear(.work)
            hedge()
            // Chunks taken from a slow connection go to the idle ones at once.
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
                    reports: ledger.reports,
                    holders: book.pending.presumedHolders()
                )
            )
        )
    }

    /// Whether a source may yet be asked for a blocked chunk: an exclusion runs out, or a second chance opens.
    private var blockedMayOpen: Bool {
        exclusions.entries.contains { book.pending.contains($0.chunk) && sources[$0.source].isLive }
            || chances.waiting.contains { book.pending.contains($0.chunk) }
    }

    mutating func tick() {
        agenda.woken()
        book.advance(to: now)
        liftExclusions()
        review()
        agenda.add(.all)
    }
}
