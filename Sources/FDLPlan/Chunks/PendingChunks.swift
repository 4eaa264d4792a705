import FDLCore

/// The chunks that no request is outstanding for, and which source may not be asked for which chunk.
///
/// A chunk's *rank* is the number of live sources that may not be asked for it. The chunks of the highest rank are the
/// rarest and go first. Every source is assumed to have every chunk until it says otherwise, so there is nearly always
/// a single rank, and a choice is one look at a `LayeredSet`.
///
/// With a `Ranking`, each chunk has an owner as well: the source that it belongs to most of those that may be asked for
/// it and are taken to hold it. A source is asked for its own chunks first; `PendingChunks+Affinity` has the rest.
struct PendingChunks: Sendable {
    /// A chunk chosen for a source.
    struct Candidate: Equatable {
        let chunk: Int
        let rank: Int
        /// Whose it is, if it is another source's.
        var owner: Int?
        /// The source is taken to lack it, and is asked to see whether it does.
        var isProbe = false
    }

    let bound: Int
    /// How many chunks are pending.
    private(set) var count: Int
    /// How many sources have not been put aside.
    private(set) var liveCount: Int
    private(set) var isLive: [Bool]
    // The pending chunks, by rank.
    var byRank: [CursoredSet]
    // The rank of every chunk, pending or not; empty as long as all ranks are 0.
    private var ranks: [UInt16] = []
    // By source: the chunks it may not be asked for; nil if there are none.
    private(set) var excluded: [ChunkSet?]
    var ranking: Ranking?
    // The pending chunks that have an owner, and those that have none, though there is a ranking.
    var owned: OwnedChunks
    var open: CursoredSet
    var holdings: Holdings
    // By source: the generation of `owned` in which nothing of others was found for it.
    var fruitless: [Int]

    init(_ chunks: ChunkSet, sourceCount: Int, ranking: Ranking? = nil) {
        bound = chunks.bound
        count = chunks.count
        liveCount = sourceCount
        isLive = Array(repeating: true, count: sourceCount)
        byRank = [CursoredSet(chunks)]
        excluded = Array(repeating: nil, count: sourceCount)
        precondition(ranking.map { $0.sourceCount == sourceCount } ?? true, "a ranking of other sources")
        self.ranking = sourceCount > 1 ? ranking : nil
        let isRanked = self.ranking != nil
        owned = OwnedChunks(bound: isRanked ? bound : 0, sourceCount: sourceCount)
        open = CursoredSet(bound: isRanked ? bound : 0)
        holdings = Holdings(sourceCount: sourceCount)
        fruitless = Array(repeating: -1, count: sourceCount)
        if isRanked { for chunk in chunks { assign(chunk) } }
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

    mutating func remove(_ chunk: Int) {
        byRank[rank(of: chunk)].remove(chunk)
        count -= 1
        if ranking != nil, !owned.remove(chunk) { open.remove(chunk) }
    }

    mutating func insert(_ chunk: Int) {
        place(chunk, at: rank(of: chunk))
        count += 1
        if ranking != nil { assign(chunk) }
    }

    /// From now on `source` is not asked for `chunk`.
    /// - Returns: whether it was allowed before.
    @discardableResult
    mutating func exclude(_ chunk: Int, from source: Int) -> Bool {
        guard allows(chunk, of: source) else { return false }
        if excluded[source] == nil { excluded[source] = ChunkSet(bound: bound) }
        excluded[source]?.insert(chunk)
        changeRank(of: chunk, by: 1)
        reassign(chunk)
        return true
    }

    /// Lifts an exclusion: `source` may be asked for `chunk` again.
    mutating func allow(_ chunk: Int, of source: Int) {
        guard isLive[source], excluded[source]?.remove(chunk) == true else { return }
        changeRank(of: chunk, by: -1)
        reassign(chunk)
    }

    /// Puts a source aside for the rest of the job: it no longer counts in any rank.
    ///
    /// This takes as many steps as chunks are excluded from the source, at most one for each of its answers or, for a
    /// mirror, for each chunk of a file that it lacks.
    mutating func retire(_ source: Int) {
        guard isLive[source] else { return }
        isLive[source] = false
        liveCount -= 1
        if let refused = excluded[source] {
            excluded[source] = nil
            for chunk in refused { changeRank(of: chunk, by: -1) }
        }
        reassignAll(of: source)
    }

    /// The number of live sources that may not be asked for a chunk.
    func rank(of chunk: Int) -> Int { ranks.isEmpty ? 0 : Int(ranks[chunk]) }

    private mutating func changeRank(of chunk: Int, by difference: Int) {
        let old = rank(of: chunk)
        if ranks.isEmpty { ranks = Array(repeating: 0, count: bound) }
        ranks[chunk] = UInt16(truncatingIfNeeded: old + difference)
        guard old < byRank.count, byRank[old].contains(chunk) else { return }
        byRank[old].remove(chunk)
        place(chunk, at: old + difference)
    }

    private mutating func place(_ chunk: Int, at rank: Int) {
        while byRank.count <= rank { byRank.append(CursoredSet(bound: bound)) }
        byRank[rank].insert(chunk)
    }
}
