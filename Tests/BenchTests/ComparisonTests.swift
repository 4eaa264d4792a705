import Testing

@testable import bench

@Suite("Comparison")
struct ComparisonTests {
    private func verdict(_ old: Finding, _ new: Finding) throws -> Comparison.Verdict {
        let comparison = Comparison([old], [new])
        #expect(comparison.isWorse == (comparison.lines.first?.verdict == .worse))
        return try #require(comparison.lines.first).verdict
    }

    @Test(arguments: [
        // The mean of the ranges is 0.10, a tenth of the old ratio.
        ([0.95, 1.0, 1.05], [1.04, 1.09, 1.14], Comparison.Verdict.same),
        ([0.95, 1.0, 1.05], [1.06, 1.11, 1.16], .worse),
        ([0.95, 1.0, 1.05], [0.84, 0.89, 0.94], .better),
        // A wide range hides as much, in either run.
        ([0.8, 1.0, 1.2], [1.1, 1.19, 1.2], .same),
        ([0.99, 1.0, 1.0], [1.0, 1.2, 1.5], .same),
    ])
    func `A change counts where it is more than both runs vary`(
        old: [Double],
        new: [Double],
        expected: Comparison.Verdict
    ) throws {
        let peer = [Double](repeating: 2, count: 3)
        #expect(
            try verdict(sample(ours: old.map { $0 * 2 }, peer: peer), sample(ours: new.map { $0 * 2 }, peer: peer))
                == expected
        )
        // Ten times slower a machine is no change: the peer is as slow.
        let slow = sample(ours: new.map { $0 * 20 }, peer: peer.map { $0 * 10 })
        #expect(try verdict(sample(ours: old.map { $0 * 2 }, peer: peer), slow) == expected)
    }

    @Test func `What never varies may still change a little from run to run`() throws {
        let old = sample(ours: [100, 100, 100], peer: nil)
        #expect(try verdict(old, sample(ours: [104, 104, 104], peer: nil)) == .same)
        #expect(try verdict(old, sample(ours: [106, 106, 106], peer: nil)) == .worse)
    }

    @Test func `Of one or two rounds more is taken for noise`() throws {
        let old = sample(ours: [100, 100], peer: nil)
        #expect(try verdict(old, sample(ours: [119], peer: nil)) == .same)
        #expect(try verdict(old, sample(ours: [121, 121, 121], peer: nil)) == .worse)
    }

    @Test func `Where more is better, less is worse`() throws {
        let old = sample(better: .more, ours: [9, 9, 9], peer: [10, 10, 10])
        #expect(try verdict(old, sample(better: .more, ours: [7, 7, 7], peer: [10, 10, 10])) == .worse)
        #expect(try verdict(old, sample(better: .more, ours: [9, 9, 9], peer: [5, 5, 5])) == .better)
    }

    @Test func `The machine's own figures are nobody's fault`() throws {
        let old = sample(better: .neither, ours: [1, 1, 1], peer: nil)
        #expect(try verdict(old, sample(better: .neither, ours: [3, 3, 3], peer: nil)) == .machine)
    }

    @Test func `Rows of one run alone are named`() {
        let one = sample("one", ours: [1], peer: nil)
        let comparison = Comparison(
            [one, sample("old", ours: [1], peer: nil)],
            [one, sample("new", ours: [1], peer: nil)]
        )
        #expect(comparison.lines.map(\.title) == ["the one"])
        #expect(comparison.missing == ["new", "old"])
    }

    @Test func `A change is told as a part of what was`() throws {
        let comparison = Comparison([sample(ours: [2, 2, 2], peer: nil)], [sample(ours: [3, 3, 3], peer: nil)])
        let line = try #require(comparison.lines.first)
        #expect(line.change == 0.5)
        #expect(line.noise == 0.05)
        #expect(
            Table.lines(comparison)[1].split(separator: " ") == [
                "the", "row", "2.000", "s", "3.000", "s", "+50.0", "%", "±5.0", "%", "worse",
            ]
        )
    }
}
