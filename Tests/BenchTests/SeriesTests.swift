import Testing

@testable import bench

@Suite("Series")
struct SeriesTests {
    @Test(arguments: [
        ([3.0], 3.0, 3.0...3.0), ([2, 1], 1.5, 1...2), ([5, 1, 3], 3, 1...5), ([4, 1, 3, 2], 2.5, 1...4),
        ([1, 1, 1, 100], 1, 1...100),
    ])
    func `The median is the middle one, or the mean of the middle two`(
        rounds: [Double],
        median: Double,
        range: ClosedRange<Double>
    ) throws {
        let series = try #require(Series(rounds))
        #expect(series.median == median)
        #expect(series.range == range)
        #expect(series.spread == range.upperBound - range.lowerBound)
        #expect(series.rounds == rounds, "in the order they were measured")
    }

    @Test(arguments: [[], [Double.nan], [1, .infinity]])
    func `What is no number makes no series`(rounds: [Double]) {
        #expect(Series(rounds) == nil)
    }

    @Test func `Ratios are those of the same round`() throws {
        let (ours, peer) = (try #require(Series([1, 6, 9])), try #require(Series([2, 3, 9])))
        #expect(ours.ratios(to: peer)?.rounds == [0.5, 2, 1])
        // The ratio of the medians would be 2.
        #expect(ours.ratios(to: peer)?.median == 1)
    }

    @Test func `A round in which the peer has nothing has no ratio`() throws {
        let ours = try #require(Series([1, 2]))
        #expect(ours.ratios(to: try #require(Series([0, 1])))?.rounds == [2])
        #expect(ours.ratios(to: try #require(Series([0, 0]))) == nil)
    }
}

@Suite("Reach")
struct ReachTests {
    @Test(arguments: [
        (Reach.ratio(atMost: 0.4), 0.4, true), (.ratio(atMost: 0.4), 0.41, false),
        (.ratio(atLeast: 0.9), 0.9, true), (.ratio(atLeast: 0.9), 0.89, false),
        (.ratio(0.9...1.1), 1.1, true), (.ratio(0.9...1.1), 0.89, false), (.ratio(0.9...1.1), 1.11, false),
    ])
    func `The median of the ratios decides`(reach: Reach, ratio: Double, isReached: Bool) {
        // The ratio of the medians would be ten times that.
        let finding = sample(ours: [ratio * 10, ratio, ratio * 30], peer: [1, 1, 30], reach: [reach])
        #expect(finding.isReached == isReached)
    }

    @Test func `Where it has a unit, our own figure decides`() {
        #expect(sample(ours: [48, 47, 49], peer: nil, reach: [.ours(atMost: 48)]).isReached == true)
        #expect(sample(ours: [48, 50, 49], peer: nil, reach: [.ours(atMost: 48)]).isReached == false)
    }

    @Test func `All of it is to be reached`() {
        let reach: [Reach] = [.ours(atMost: 1), .ratio(atMost: 1.25)]
        #expect(sample(ours: [0.9], peer: [0.9], reach: reach).verdict == "reached")
        #expect(sample(ours: [0.9], peer: [0.6], reach: reach).verdict == "missed")
        #expect(sample(ours: [1.1], peer: [1.1], reach: reach).verdict == "missed")
        #expect(sample(ours: [1.1], peer: [1.1], reach: []).verdict == nil)
    }

    @Test func `It is shown as a person writes it`() {
        #expect(Reach.ratio(atMost: 0.4).text(.seconds) == "≤ 0.40")
        #expect(Reach.ratio(atLeast: 0.9).text(.perSecond) == "≥ 0.90")
        #expect(Reach.ratio(0.9...1.1).text(.mebibytes) == "0.90…1.10")
        #expect(Reach.ours(atMost: 48).text(.mebibytes) == "≤ 48 MiB")
        #expect(Reach.ours(atMost: 1.5).text(.seconds) == "≤ 1.5 s")
    }
}

/// A row as it might have been measured.
func sample(
    _ id: String = "row",
    unit: bench.Unit = .seconds,
    better: Better = .less,
    ours: [Double],
    peer: [Double]?,
    reach: [Reach] = []
) -> Finding {
    guard let series = Series(ours) else { fatalError("no sample without numbers") }
    return Finding(
        id: id,
        title: "the \(id)",
        unit: unit,
        better: better,
        ours: series,
        peer: peer.flatMap(Series.init),
        reach: reach
    )
}
