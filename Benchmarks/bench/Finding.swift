/// A row, measured.
struct Finding: Equatable, Sendable {
    let id: String
    let title: String
    let unit: Unit
    let better: Better
    let ours: Series
    let peer: Series?
    let reach: [Reach]

    /// Further in where it only says more about the row above.
    var shownTitle: String { id.contains("/") ? "  " + title : title }

    /// Of the medians.
    var ratio: Double? { peer.flatMap { $0.median > 0 ? ours.median / $0.median : nil } }

    /// Of each round.
    var paired: Series? { peer.flatMap(ours.ratios) }

    /// What is held against another run's: how we stand beside the peer, or our own figure if there is none.
    var standing: Series { paired ?? ours }

    var reachText: String { reach.map { $0.text(unit) }.joined(separator: ", ") }

    /// nil if nothing is to be reached.
    var isReached: Bool? {
        if reach.isEmpty { return nil }
        return reach.allSatisfy { reach in
            switch reach.subject {
            case .ratio: paired.map { reach.holds($0.median) } ?? false
            case .ours: reach.holds(ours.median)
            }
        }
    }

    /// The same in a word.
    var verdict: String? { isReached.map { $0 ? "reached" : "missed" } }
}
