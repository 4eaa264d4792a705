import FDLCore

// Which chunk a source is asked for next.
extension PendingChunks {
    /// The chunk to ask `source` for next. Without a ranking: of the pending chunks that it may be asked for, the lowest
    /// one of the highest rank.
    mutating func next(for source: Int) -> Candidate? {
        guard isLive[source], count > 0 else { return nil }
        return ranking == nil ? rarest(for: source) : nextByAffinity(for: source)
    }

    private mutating func rarest(for source: Int) -> Candidate? {
        for rank in byRank.indices.reversed() where !byRank[rank].isEmpty {
            guard let refused = excluded[source] else {
                // This source is excluded from no chunk, so no chunk is blocked.
                return byRank[rank].first.map { Candidate(chunk: $0, rank: rank) }
            }
            guard rank != liveCount else { continue }
            if let chunk = byRank[rank].first(for: source, excluding: refused) {
                return Candidate(chunk: chunk, rank: rank)
            }
        }
        return nil
    }

    /// Of the chunks without an owner, the lowest one that `source` may be asked for.
    mutating func firstOpen(for source: Int) -> Int? {
        guard !open.isEmpty else { return nil }
        guard let refused = excluded[source] else { return open.first }
        return open.first(for: source, excluding: refused)
    }
}
