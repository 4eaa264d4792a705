import FDLCore
import FDLPlan
import Testing

/// Sources that close their connections behind an answer, and that ration connections, simulated.
@Suite("Scheduling, simulated: short connections")
struct ClosingSourceTests {
    private static let layout = ChunkLayout(chunkSize: .standard(totalBytes: 0), fileSizes: [256 << 20])

    private func run(_ sources: [SimulatedSource], name: String = "closing") -> Outcome {
        let scenario = Scenario(name: name, seed: 1, sources: sources, layout: Self.layout)
        let outcome = scenario.run()
        #expect(outcome.violations.isEmpty, "\(name): \(outcome.violations.prefix(3))")
        #expect(outcome.finished)
        return outcome
    }

    /// Connecting takes two round trips, and the first byte one more.
    @Test("Closed behind each answer takes at most three times as long", arguments: SourceKind.allCases, [true, false])
    func closesEach(kind: SourceKind, announces: Bool) {
        var source = SimulatedSource(kind: kind, rate: 40e6, delay: 0.005)
        let kept = run([source])
        source.answersPerConnection = 1
        source.announcesLast = announces
        let closed = run([source])
        #expect(closed.time <= 3 * kept.time, "\(closed.time), kept \(kept.time)")
        #expect(closed.reports.allSatisfy { $0.failed == 0 })
    }

    @Test("A connection that ends behind its hundredth answer has a successor at once", arguments: SourceKind.allCases)
    func closesHundredth(kind: SourceKind) {
        var source = SimulatedSource(kind: kind, rate: 40e6, delay: 0.02)
        let kept = run([source])
        source.answersPerConnection = 20
        let closed = run([source])
        #expect(closed.time <= 1.2 * kept.time, "\(closed.time), kept \(kept.time)")
    }

    @Test("One that serves so many connections at a time is asked on fewer, without blame", arguments: [nil, 1])
    func rationed(answers: Int?) {
        var source = SimulatedSource(rate: 40e6, delay: 0.02)
        source.connectionLimit = 1
        source.answersPerConnection = answers
        let outcome = run([source, source])
        #expect(outcome.reports.allSatisfy { $0.failed == 0 && !$0.state.isFinal })
    }

    @Test("Whatever else the sources do, it completes", arguments: 0..<4)
    func hostile(batch: Int) {
        for index in 0..<125 {
            let seed = UInt64(batch * 125 + index)
            var scenario = Scenario.hostile(seed: seed)
            var random = TestGenerator(seed: seed &+ 3_000_000)
            for index in scenario.sources.indices where random.chance(0.6) {
                scenario.sources[index].answersPerConnection = Int.random(in: 1...4, using: &random)
                scenario.sources[index].announcesLast = random.chance(0.7)
                if random.chance(0.4) {
                    scenario.sources[index].connectionLimit = Int.random(in: 1...3, using: &random)
                }
            }
            let outcome = scenario.run()
            #expect(outcome.violations.isEmpty, "\(scenario.name): \(outcome.violations.prefix(3))")
            #expect(outcome.finished, "\(scenario.name)")
        }
    }
}
