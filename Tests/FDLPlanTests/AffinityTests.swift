import FDLCore
import FDLPlan
import Testing

/// What affinity gives where sources are caches, or hold a part of the chunks each.
@Suite("Affinity, simulated")
struct AffinityTests {
    private func layout(_ chunks: Int) -> ChunkLayout {
        ChunkLayout(chunkSize: .standard(totalBytes: 0), fileSizes: [Int64(chunks) << 20])
    }

    /// Six readers at once, each with paths of its own, and caches that begin empty.
    /// - Returns: how often the origin answered, and how long the last reader took.
    private func sixReaders(seed: UInt64, isRanked: Bool) -> (origin: Int, time: Double) {
        var random = TestGenerator(seed: seed)
        let caches = (0..<3).map { _ in SimulatedCache(originTime: 0.05) }
        var readers = (0..<6).map { reader in
            let sources = caches.map { cache in
                var source = SimulatedSource(rate: random.logarithmic(10e6, 4), delay: random.logarithmic(0.001, 20))
                source.cache = cache
                return source
            }
            var scenario = Scenario(name: "", seed: seed &* 6 &+ UInt64(reader), sources: sources, layout: layout(63))
            scenario.isRanked = isRanked
            return scenario.simulation()
        }
        for index in readers.indices { readers[index].begin() }
        while let next = readers.indices.filter({ readers[$0].nextTime != nil }).min(by: {
            readers[$0].nextTime ?? 0 < readers[$1].nextTime ?? 0
        }) {
            guard readers[next].step() else { break }
        }
        var time = 0.0
        for index in readers.indices {
            let outcome = readers[index].end()
            #expect(outcome.finished)
            #expect(outcome.violations.isEmpty, "\(outcome.violations.prefix(3))")
            time = max(time, outcome.time)
        }
        return (caches.reduce(0) { $0 + $1.originAnswers }, time)
    }

    @Test("six readers over three caches ask the origin for little more than each chunk once")
    func caches() {
        var ours: [Int] = []
        var without: [Int] = []
        var slowdown = 0.0
        for seed in 0..<20 as Range<UInt64> {
            let ranked = sixReaders(seed: seed, isRanked: true)
            let plain = sixReaders(seed: seed, isRanked: false)
            ours.append(ranked.origin)
            without.append(plain.origin)
            slowdown = max(slowdown, ranked.time / plain.time)
        }
        print("origin answers for 63 chunks: \(ours.sorted()) with affinity, \(without.sorted()) without")
        print("the slowest reader takes \(slowdown) times as long at most")
        #expect(ours.allSatisfy { $0 <= 80 })
    }

    @Test("ten workers with each chunk on two of them: found without an index")
    func fragments() {
        for seed in 0..<5 as Range<UInt64> {
            var scenario = Scenario(
                name: "fragments",
                seed: seed,
                sources: Array(repeating: SimulatedSource(rate: 10e6, delay: 0.01), count: 10),
                layout: layout(1024)
            )
            scenario.rankingSeed = seed
            scenario.place(copies: 2)
            let outcome = scenario.run()
            #expect(outcome.violations.isEmpty, "\(outcome.violations.prefix(3))")
            #expect(outcome.finished)
            scenario.isRanked = false
            let plain = scenario.run()
            print("requests for 1024 chunks: \(outcome.fetches) with affinity, \(plain.fetches) without")
            print("in \(outcome.time) s, \(plain.time) s; ideal \(scenario.ideal)")
            #expect(outcome.fetches <= 1229)
            #expect(outcome.time <= 1.15 * scenario.ideal)
        }
    }

    @Test("placed otherwise than the function says, all is found all the same", arguments: [2, 5])
    func otherwise(parts: Int) {
        var scenario = Scenario(
            name: "buckets",
            seed: 1,
            sources: Array(repeating: SimulatedSource(rate: 10e6, delay: 0.01), count: parts),
            layout: layout(500)
        )
        for index in 0..<parts {
            var holdings = ChunkSet(bound: 500)
            for chunk in 0..<500 where chunk % parts == index { holdings.insert(chunk) }
            scenario.sources[index].holdings = holdings
        }
        let outcome = scenario.run()
        #expect(outcome.violations.isEmpty, "\(outcome.violations.prefix(3))")
        #expect(outcome.finished)
        scenario.isRanked = false
        let plain = scenario.run()
        print("\(parts) buckets: \(outcome.fetches) requests, \(plain.fetches) without affinity")
        #expect(outcome.fetches <= plain.fetches * 5 / 4)
    }

    @Test("a source that lacks a single chunk works on")
    func oneLacking() {
        for seed in 0..<10 as Range<UInt64> {
            var scenario = Scenario(
                name: "one lacking",
                seed: seed,
                sources: Array(repeating: SimulatedSource(rate: 10e6, delay: 0.01), count: 2),
                layout: layout(300)
            )
            scenario.rankingSeed = seed
            var holdings = ChunkSet(bound: 300, filled: true)
            for chunk in 0..<300 where chunk % 100 == 20 { holdings.remove(chunk) }
            scenario.sources[0].holdings = holdings
            let outcome = scenario.run()
            #expect(outcome.violations.isEmpty)
            #expect(outcome.finished)
            #expect(outcome.time <= 1.1 * scenario.ideal, "\(outcome.time) \(scenario.ideal)")
        }
    }
}

extension Scenario {
    /// Gives each chunk to the first `copies` sources of its ranking.
    mutating func place(copies: Int) {
        guard let ranking else { return }
        let bound = layout.chunkCount
        for source in sources.indices {
            var holdings = ChunkSet(bound: bound)
            for chunk in 0..<bound where ranking.place(of: source, for: chunk) <= copies { holdings.insert(chunk) }
            sources[source].holdings = holdings
        }
    }
}
