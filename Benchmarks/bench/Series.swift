/// One number a round, in the order they were measured: number N of two series was measured side by side.
struct Series: Equatable, Sendable {
    let rounds: [Double]
    let median: Double
    let range: ClosedRange<Double>

    /// - Returns: nil if there is no number, or one that is none.
    init?(_ rounds: [Double]) {
        let sorted = rounds.sorted()
        guard let least = sorted.first, let most = sorted.last, rounds.allSatisfy(\.isFinite) else { return nil }
        self.rounds = rounds
        let middle = sorted.count / 2
        median = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
        range = least...most
    }

    /// How far apart the rounds are.
    var spread: Double { range.upperBound - range.lowerBound }

    /// The ratio of each round to the same round of `peer`; nil if the peer has nothing above zero.
    func ratios(to peer: Series) -> Series? {
        Series(zip(rounds, peer.rounds).filter { $1 > 0 }.map { $0 / $1 })
    }
}
