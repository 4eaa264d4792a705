// Who would have had what nobody could give.
extension PendingChunks {
    /// By source: how many of the blocked chunks are likely to lie there.
    ///
    /// A chunk lies on the sources that it belongs to most, on how many nobody tells the reader. The first of them that
    /// was asked lacked it: so those before that one are meant, which have been given up.
    /// - Returns: empty if there is no order, or no source that could say that it lacks a chunk.
    func presumedHolders() -> [Int] {
        guard let ranking, liveCount > 0, liveCount < byRank.count else { return [] }
        var holders = Array(repeating: 0, count: isLive.count)
        for chunk in 0..<bound where byRank[liveCount].contains(chunk) {
            for source in ranking.order(of: chunk).prefix(while: { !isLive[$0] }) { holders[source] += 1 }
        }
        return holders.contains { $0 > 0 } ? holders : []
    }
}
