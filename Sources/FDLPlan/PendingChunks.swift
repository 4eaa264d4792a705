import FDLCore

/// The chunks that no request is outstanding for, and which source may not be asked for which chunk.
///
/// A chunk's *rank* is the number of live sources that may not be asked for it. The chunks of the highest rank are the
/// rarest and go first. Every source is assumed to have every chunk until it says otherwise, so there is nearly always
/// a single rank, and a choice is one look at a `LayeredSet`. For a source that lacks chunks, a cursor for each rank
/// remembers how far the search has found nothing, and the next search continues there, 64 chunks at a step.
struct PendingChunks: Sendable {
    /// A chunk chosen for a source.
    struct Candidate {
        let chunk: Int
        let rank: Int
    }

    private let bound: Int
    /// How many chunks are pending.
    private(set) var count: Int
    /// How many sources have not been put aside.
    private(set) var liveCount: Int
    private var isLive: [Bool]
    // The pending chunks, by rank.
    private var byRank: [LayeredSet]
    // The rank of every chunk, pending or not; empty as long as all ranks are 0.
    private var ranks: [UInt16] = []
    // By source: the chunks it may not be asked for; nil if there are none.
    private var excluded: [ChunkSet?]
    // By source and rank: no word below this index holds a chunk of that rank that the source may be asked for.
    private var cursors: [[Int]]

    init(_ chunks: ChunkSet, sourceCount: Int) {
        bound = chunks.bound
        count = chunks.count
        liveCount = sourceCount
        isLive = Array(repeating: true, count: sourceCount)
        byRank = [LayeredSet(chunks)]
        excluded = Array(repeating: nil, count: sourceCount)
        cursors = Array(repeating: [], count: sourceCount)
    }

    var isEmpty: Bool { count == 0 }

    /// How many pending chunks are blocked: no live source may be asked for them.
    var blockedCount: Int { liveCount < byRank.count ? byRank[liveCount].count : 0 }

    /// The lowest blocked chunk.
    var firstBlocked: Int? { liveCount < byRank.count ? byRank[liveCount].first : nil }

    func contains(_ chunk: Int) -> Bool {
        let rank = rank(of: chunk)
        return rank < byRank.count && byRank[rank].contains(chunk)
    }

    /// Whether `source` may be asked for `chunk`, pending or not.
    func allows(_ chunk: Int, of source: Int) -> Bool {
        isLive[source] && !(excluded[source]?.contains(chunk) ?? false)
    }

    /// The chunk to ask `source` for next: of the pending chunks that it may be asked for, the lowest one of the
    /// highest rank.
    mutating func next(for source: Int) -> Candidate? {
        guard isLive[source], count > 0 else { return nil }
        for rank in byRank.indices.reversed() where !byRank[rank].isEmpty {
            guard excluded[source] != nil else {
                // This source is excluded from no chunk, so no chunk is blocked.
                return byRank[rank].first.map { Candidate(chunk: $0, rank: rank) }
            }
            guard rank != liveCount else { continue }
            if let chunk = search(rank, for: source) { return Candidate(chunk: chunk, rank: rank) }
        }
        return nil
    }

    mutating func remove(_ chunk: Int) {
        byRank[rank(of: chunk)].remove(chunk)
        count -= 1
    }

    mutating func insert(_ chunk: Int) {
        place(chunk, at: rank(of: chunk))
        count += 1
    }

    /// From now on `source` is not asked for `chunk`.
    /// - Returns: whether it was allowed before.
    @discardableResult
    mutating func exclude(_ chunk: Int, from source: Int) -> Bool {
        guard allows(chunk, of: source) else { return false }
        if excluded[source] == nil { excluded[source] = ChunkSet(bound: bound) }
        excluded[source]?.insert(chunk)
        changeRank(of: chunk, by: 1)
        return true
    }

    /// Lifts an exclusion: `source` may be asked for `chunk` again.
    mutating func allow(_ chunk: Int, of source: Int) {
        guard isLive[source], excluded[source]?.remove(chunk) == true else { return }
        changeRank(of: chunk, by: -1)
    }

    /// Puts a source aside for the rest of the job: it no longer counts in any rank.
    ///
    /// This takes as many steps as chunks are excluded from the source, at most one for each of its answers or, for a
    /// mirror, for each chunk of a file that it lacks.
    mutating func retire(_ source: Int) {
        guard isLive[source] else { return }
        isLive[source] = false
        liveCount -= 1
        guard let refused = excluded[source] else { return }
        excluded[source] = nil
        cursors[source] = []
        for chunk in refused { changeRank(of: chunk, by: -1) }
    }

    private func rank(of chunk: Int) -> Int { ranks.isEmpty ? 0 : Int(ranks[chunk]) }

    private mutating func changeRank(of chunk: Int, by difference: Int) {
        let old = rank(of: chunk)
        if ranks.isEmpty { ranks = Array(repeating: 0, count: bound) }
        ranks[chunk] = UInt16(truncatingIfNeeded: old + difference)
        guard old < byRank.count, byRank[old].contains(chunk) else { return }
        byRank[old].remove(chunk)
        place(chunk, at: old + difference)
    }

    private mutating func place(_ chunk: Int, at rank: Int) {
        while byRank.count <= rank { byRank.append(LayeredSet(bound: bound)) }
        byRank[rank].insert(chunk)
        for source in cursors.indices where rank < cursors[source].count {
            if cursors[source][rank] > chunk >> 6 { cursors[source][rank] = chunk >> 6 }
        }
    }

    private mutating func search(_ rank: Int, for source: Int) -> Int? {
        while cursors[source].count <= rank { cursors[source].append(0) }
        guard let refused = excluded[source] else { return byRank[rank].first }
        var index = cursors[source][rank]
        while let word = byRank[rank].firstWord(from: index) {
            let open = byRank[rank].word(word) & ~refused.word(word)
            if open != 0 {
                cursors[source][rank] = word
                return word << 6 + open.trailingZeroBitCount
            }
            index = word + 1
        }
        cursors[source][rank] = (bound + 63) >> 6
        return nil
    }
}
