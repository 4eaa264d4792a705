import FDLCore

/// The chunks nobody has been asked for yet (or who were asked have given back), and which source may not be asked
/// for which of them.
///
/// A chunk's *rank* is the number of live sources that may not be asked for it. The highest rank is the rarest chunk
/// and goes first. All sources are taken to hold all chunks until they say otherwise, so nearly always there is one
/// rank, and a choice is one look at a `LayeredSet`. Where sources lack chunks, each remembers per rank how far it has
/// looked in vain, so that a choice goes on from there; 64 chunks are passed over in one step.
struct PendingChunks: Sendable {
    /// One choice.
    struct Candidate {
        let chunk: Int
        let rank: Int
    }

    private let bound: Int
    /// How many chunks are pending.
    private(set) var count: Int
    /// How many sources have not been put aside for good.
    private(set) var liveCount: Int
    private var isLive: [Bool]
    // Pending chunks by rank.
    private var byRank: [LayeredSet]
    // The rank of every chunk, pending or not; empty while all are 0.
    private var ranks: [UInt16] = []
    // By source: the chunks it may not be asked for; nil for none.
    private var excluded: [ChunkSet?]
    // By source and rank: no word of that rank below this one has a chunk the source may be asked for.
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

    /// How many pending chunks no live source may be asked for.
    var blockedCount: Int { liveCount < byRank.count ? byRank[liveCount].count : 0 }

    /// The lowest of them.
    var firstBlocked: Int? { liveCount < byRank.count ? byRank[liveCount].first : nil }

    func contains(_ chunk: Int) -> Bool {
        let rank = rank(of: chunk)
        return rank < byRank.count && byRank[rank].contains(chunk)
    }

    /// Whether `source` may be asked for `chunk`, pending or not.
    func allows(_ chunk: Int, of source: Int) -> Bool {
        isLive[source] && !(excluded[source]?.contains(chunk) ?? false)
    }

    /// The chunk to ask `source` for next: of those it may have, one that the fewest others may have; the lowest.
    mutating func next(for source: Int) -> Candidate? {
        guard isLive[source], count > 0 else { return nil }
        for rank in byRank.indices.reversed() where !byRank[rank].isEmpty {
            guard excluded[source] != nil else {
                // It has refused nothing, so a blocked chunk (rank of all) cannot be met here.
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

    /// Takes an exclusion back.
    mutating func allow(_ chunk: Int, of source: Int) {
        guard isLive[source], excluded[source]?.remove(chunk) == true else { return }
        changeRank(of: chunk, by: -1)
    }

    /// Puts a source aside for good: it no longer counts as a possible holder.
    ///
    /// Takes as many steps as the source had refused chunks, each of which cost an answer.
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
