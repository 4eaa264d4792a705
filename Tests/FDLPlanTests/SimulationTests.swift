import FDLCore
import FDLPlan
import Testing

/// Downloads by the hundred in virtual time. What must never happen (a quarantined source asked, the memory bound
/// exceeded, a chunk asked for that is there already …) the simulation itself watches in every run.
@Suite("Scheduling, simulated")
struct SimulationTests {
    /// Honest sources whose rates differ by up to 1:100: as fast as all of them together. Prints the table of
    /// docs/scheduling.md.
    @Test("takes at most 1.15 times the ideal, and prints the distribution")
    func honest() {
        var ours: [Double] = []
        var theirs: [Double] = []
        for seed in 0..<200 as Range<UInt64> {
            let scenario = Scenario.honest(seed: seed)
            let outcome = scenario.run()
            expectSound(outcome, scenario)
            #expect(outcome.finished, "\(scenario.name)")
            let ratio = outcome.time / scenario.ideal
            #expect(ratio <= 1.15, "\(scenario.name)")
            ours.append(ratio)
            theirs.append(scenario.runRoundRobin().time / scenario.ideal)
        }
        print("| time ÷ ideal | median | 99th percentile | worst |")
        print("|---|---|---|---|")
        print("| the plan | \(Distribution(ours)) |")
        print("| round robin | \(Distribution(theirs)) |")
    }

    @Test("completes whatever the sources do, while each chunk has an honest holder", arguments: 0..<8)
    func hostile(batch: Int) {
        for index in 0..<125 {
            let scenario = Scenario.hostile(seed: UInt64(batch * 125 + index))
            let outcome = scenario.run()
            expectSound(outcome, scenario)
            #expect(outcome.finished, "\(scenario.name)")
        }
    }

    @Test("fails in finite time, with an exact account, where a chunk cannot be had", arguments: 0..<4)
    func hopeless(batch: Int) {
        for index in 0..<100 {
            let scenario = Scenario.hopeless(seed: UInt64(batch * 100 + index))
            let outcome = scenario.run()
            expectSound(outcome, scenario)
            #expect(outcome.failure?.chunksMissing == scenario.lost?.count, "\(scenario.name)")
            #expect(outcome.failure?.firstChunkMissing == scenario.lost?.first(), "\(scenario.name)")
            #expect(outcome.failure?.reports.count == scenario.sources.count)
        }
    }

    /// Half of one and half of the other way to go wrong must not add up: beside one honest source of 10 MB/s, each
    /// kind of bad one costs at most half the time again and two seconds.
    @Test("one bad source costs little", arguments: BadSource.allCases)
    func beside(bad: BadSource) {
        for seed in 0..<10 as Range<UInt64> {
            let alone = Scenario.beside(nil, seed: seed).run()
            let scenario = Scenario.beside(bad, seed: seed)
            let outcome = scenario.run()
            expectSound(outcome, scenario)
            #expect(outcome.finished)
            #expect(outcome.time <= 1.5 * alone.time + 2, "\(bad) \(seed): \(outcome.time), alone \(alone.time)")
        }
    }

    @Test("a cache with one chunk gone bad heals, for one request more, and nobody is put aside")
    func oneRottenChunk() {
        for seed in 0..<20 as Range<UInt64> {
            var scenario = Scenario.beside(nil, seed: seed)
            scenario.sources.append(scenario.sources[0])
            let whole = scenario.run()
            var rotten = ChunkSet(bound: 100)
            rotten.insert(50)
            for index in scenario.sources.indices { scenario.sources[index].rotten = rotten }
            let outcome = scenario.run()
            expectSound(outcome, scenario)
            #expect(outcome.finished)
            #expect(outcome.wrongAnswers == 1)
            #expect(outcome.fetches <= whole.fetches + 1 + scenario.sources.count)
        }
    }

    @Test("of a source that lies two chunks are taken, and of a mirror of many files three")
    func liesNothingGained() {
        for seed in 0..<20 as Range<UInt64> {
            for kind in SourceKind.allCases {
                var scenario = Scenario.beside(.lies, seed: seed)
                scenario.sources[1].kind = kind
                let outcome = scenario.run()
                expectSound(outcome, scenario)
                #expect(outcome.finished)
                #expect(outcome.wrongAnswers <= (kind == .mirror ? 3 : 2))
            }
        }
    }

    @Test("one chunk that its only source has wrong: all the others are fetched")
    func onlySourceRotten() {
        var scenario = Scenario.beside(nil, seed: 1)
        scenario.sources[0].persistent = [50]
        let outcome = scenario.run()
        expectSound(outcome, scenario)
        #expect(outcome.failure?.chunksMissing == 1)
        #expect(outcome.failure?.firstChunkMissing == 50)
        #expect(outcome.failure?.cause == .integrity)
        #expect(outcome.failure?.reports[0].corrupt == 1)
        #expect(outcome.wrongAnswers == 2)
    }

    @Test("of a mirror with one stale file all the others come", arguments: [true, false])
    func staleFile(isAlone: Bool) {
        let layout = ChunkLayout(chunkSize: .standard(totalBytes: 0), fileSizes: Array(repeating: 8 << 20, count: 40))
        var mirror = SimulatedSource(kind: .mirror, rate: 10e6, delay: 0.02)
        mirror.persistent = Set(layout.chunks(ofFile: 17))
        let worker = SimulatedSource(rate: 1e5, delay: 0.02)
        let scenario = Scenario(name: "stale", seed: 1, sources: isAlone ? [mirror] : [mirror, worker], layout: layout)
        let outcome = scenario.run()
        expectSound(outcome, scenario)
        #expect(outcome.finished != isAlone)
        #expect(outcome.wrongAnswers == 2)
        #expect((outcome.failure?.chunksMissing ?? 8) == 8)
        // The worker alone gives that file, at 0.1 MB/s, after the two chunks that it was asked for before.
        #expect(isAlone || outcome.time < Double(11 << 20) / 1e5)
    }

    @Test("uses most of four sources of 40, 20, 10 and 1 MB/s")
    func unequal() {
        let scenario = Scenario(
            name: "unequal",
            seed: 1,
            sources: [40e6, 20e6, 10e6, 1e6].map { SimulatedSource(rate: $0, delay: 0.001) },
            layout: ChunkLayout(chunkSize: .standard(totalBytes: 0), fileSizes: [512 << 20])
        )
        let outcome = scenario.run()
        expectSound(outcome, scenario)
        #expect(scenario.bytes / outcome.time >= 0.9 * 71e6)
    }

    @Test("fills a path of 100 ms", arguments: SourceKind.allCases)
    func longPath(kind: SourceKind) {
        let scenario = Scenario(
            name: "long path",
            seed: 1,
            sources: [SimulatedSource(kind: kind, rate: 50e6, delay: 0.1)],
            layout: ChunkLayout(chunkSize: .standard(totalBytes: 0), fileSizes: [512 << 20])
        )
        let outcome = scenario.run()
        expectSound(outcome, scenario)
        #expect(scenario.bytes / outcome.time >= 0.8 * 50e6)
    }

    @Test("opens further connections where each is held down, and none where they are of no use")
    func growth() {
        var source = SimulatedSource(rate: 40e6, delay: 0.02)
        let layout = ChunkLayout(chunkSize: .standard(totalBytes: 0), fileSizes: [1 << 30])
        source.connectionRate = 10e6
        let held = Scenario(name: "held down", seed: 1, sources: [source, source], layout: layout)
        let grown = held.run()
        expectSound(grown, held)
        #expect(grown.connectionsOpened == 8)
        #expect(grown.time < 0.65 * held.bytes / 20e6)
        source.connectionRate = .infinity
        let free = Scenario(name: "not held down", seed: 1, sources: [source, source], layout: layout)
        let kept = free.run()
        #expect(kept.connectionsOpened <= 4)
    }

    @Test("outlives a partition of all sources", arguments: [true, false])
    func partition(isSilent: Bool) {
        var scenario = Scenario.beside(nil, seed: 3)
        scenario.sources.append(scenario.sources[0])
        let whole = scenario.run().time
        for index in scenario.sources.indices {
            scenario.sources[index].outages = [.init(from: 2, to: 27, isSilent: isSilent)]
        }
        let outcome = scenario.run()
        expectSound(outcome, scenario)
        #expect(outcome.finished)
        #expect(outcome.time <= whole + 25 + 12)
    }

    @Test("outlives ten restarts of its only source")
    func restarts() {
        var scenario = Scenario.beside(nil, seed: 4)
        scenario.sources[0].outages = (0..<10).map {
            .init(from: 0.7 + 1.3 * Double($0), to: 1.0 + 1.3 * Double($0), isSilent: false)
        }
        let outcome = scenario.run()
        expectSound(outcome, scenario)
        #expect(outcome.finished)
    }

    @Test("uses 64 sources of 200, and the others where those are of no use")
    func manySources() {
        var random = TestGenerator(seed: 5)
        var sources = (0..<200).map { _ in SimulatedSource(rate: random.logarithmic(1e5, 10), delay: 0.02) }
        for index in 0..<150 { sources[index].holdings = ChunkSet(bound: 256) }
        let scenario = Scenario(
            name: "many",
            seed: 5,
            sources: sources,
            layout: ChunkLayout(chunkSize: .standard(totalBytes: 0), fileSizes: [256 << 20])
        )
        let outcome = scenario.run()
        expectSound(outcome, scenario)
        #expect(outcome.finished)
        #expect(outcome.mostConnections <= 64)
    }

    @Test("does the same for the same seed")
    func deterministic() {
        for seed in 0..<20 as Range<UInt64> {
            let scenario = Scenario.hostile(seed: seed)
            #expect(scenario.run(keepsTrace: true).trace == scenario.run(keepsTrace: true).trace)
        }
    }

    private func expectSound(_ outcome: Outcome, _ scenario: Scenario) {
        #expect(outcome.violations.isEmpty, "\(scenario.name): \(outcome.violations.prefix(3))")
        #expect(outcome.refetched <= scenario.refetchBound, "\(scenario.name)")
    }
}

/// The median, the 99th percentile and the worst, as cells of a table.
struct Distribution: CustomStringConvertible {
    let description: String

    init(_ values: [Double]) {
        let sorted = values.sorted()
        let chosen = [sorted.count / 2, (sorted.count * 99 + 99) / 100 - 1, sorted.count - 1].map { sorted[$0] }
        description = chosen.map { value in
            let hundredths = Int(value * 100 + 0.5)
            return "\(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10)"
        }.joined(separator: " | ")
    }
}
