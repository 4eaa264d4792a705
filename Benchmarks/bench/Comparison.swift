/// How a run stands beside an earlier one.
struct Comparison: Equatable, Sendable {
    struct Line: Equatable, Sendable {
        let title: String
        /// Of our own figure; nil for a ratio to the peer.
        let unit: Unit?
        let old: Double
        let new: Double
        /// What a change may be and say nothing, as a part of the old value.
        let noise: Double
        let verdict: Verdict

        /// As a part of the old value.
        var change: Double { new / old - 1 }
    }

    enum Verdict: String, Sendable {
        case better, worse
        /// Within the noise.
        case same
        /// More than the noise, of the machine's own doing.
        case machine
    }

    let lines: [Line]
    /// Of the rows that are in only one of the two.
    let missing: [String]

    var isWorse: Bool { lines.contains { $0.verdict == .worse } }

    init(_ old: [Finding], _ new: [Finding]) {
        let earlier = Dictionary(old.map { ($0.id, $0) }) { first, _ in first }
        lines = new.compactMap { finding in earlier[finding.id].flatMap { Self.line($0, finding) } }
        let (before, now) = (Set(old.map(\.id)), Set(new.map(\.id)))
        missing = before.symmetricDifference(now).sorted()
    }

    /// - Returns: nil if one of them has a peer and the other has not, or if there is nothing to be a part of.
    private static func line(_ old: Finding, _ new: Finding) -> Line? {
        let (before, now) = (old.standing, new.standing)
        guard (old.paired == nil) == (new.paired == nil), before.median > 0 else { return nil }
        let change = now.median / before.median - 1
        let noise = noise(before, now)
        let verdict: Verdict =
            if abs(change) <= noise { .same } else {
                switch new.better {
                case .neither: .machine
                case .less: change > 0 ? .worse : .better
                case .more: change < 0 ? .worse : .better
                }
            }
        return Line(
            title: new.shownTitle,
            unit: new.paired == nil ? new.unit : nil,
            old: before.median,
            new: now.median,
            noise: noise,
            verdict: verdict
        )
    }

    /// The mean of both ranges, so that two runs differ where their ranges hardly touch. It is 5 % at least: a figure
    /// that never varies within a run still does from one run to the next. Of one or two rounds there is no range worth
    /// the name, and it is 20 % at least.
    private static func noise(_ before: Series, _ now: Series) -> Double {
        let rounds = min(before.rounds.count, now.rounds.count)
        return max((before.spread + now.spread) / 2 / before.median, rounds < 3 ? 0.20 : 0.05)
    }
}
