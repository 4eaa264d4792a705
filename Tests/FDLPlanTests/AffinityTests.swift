import FDLCore
import FDLPlan
import Testing

/// What affinity gives where sources are caches, or hold a part of the chunks each.
@Suite("Affinity, simulated")
struct AffinityTests {
    private func layout(_ chunks: Int, chunkSize: ChunkSize = .standard(totalBytes: 0)) -> ChunkLayout {
        ChunkLayout(chunkSize: chunkSize, fileSizes: [Int64(chunks * chunkSize.bytes)])
    }

    private func smallChunks(_ count: Int) throws -> ChunkLayout {
        layout(count, chunkSize: try #require(ChunkSize(bytes: 64 << 10)))
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

    /// Ten workers with each chunk on two of them.
    private func fragmentRun(_ layout: ChunkLayout, seed: UInt64) -> (scenario: Scenario, outcome: Outcome) {
        var scenario = Scenario(
            name: "fragments",
            seed: seed,
            sources: Array(repeating: SimulatedSource(rate: 10e6, delay: 0.01), count: 10),
            layout: layout
        )
        scenario.rankingSeed = seed
        scenario.place(copies: 2)
        let outcome = scenario.run()
        #expect(outcome.violations.isEmpty, "\(outcome.violations.prefix(3))")
        #expect(outcome.finished)
        #expect(outcome.time <= 1.15 * scenario.ideal)
        return (scenario, outcome)
    }

    @Test("ten workers with each chunk on two of them: found without an index")
    func fragments() {
        for seed in 0..<5 as Range<UInt64> {
            var (scenario, outcome) = fragmentRun(layout(1024), seed: seed)
            scenario.isRanked = false
            let plain = scenario.run()
            print("requests for 1024 chunks: \(outcome.fetches) with affinity, \(plain.fetches) without")
            print("in \(outcome.time) s, \(plain.time) s; ideal \(scenario.ideal)")
            #expect(outcome.fetches <= 1229)
        }
    }

    @Test("many small chunks on two of ten workers each: hardly one is asked for in vain until that is known")
    func smallFragments() throws {
        for seed in 0..<3 as Range<UInt64> {
            let (scenario, outcome) = fragmentRun(try smallChunks(4096), seed: seed)
            print("requests for 4096 small chunks: \(outcome.fetches), \(outcome.time) s, ideal \(scenario.ideal)")
            #expect(outcome.fetches <= 4096 * 21 / 20)
        }
    }

    @Test("small neighbours belong to one worker, fewer and larger ones each to its own", arguments: [4095, 4096])
    func neighbours(count: Int) throws {
        var random = TestGenerator(seed: 5)
        let digests = (0..<count).map { _ in SHA256Digest.random(using: &random) }
        let keys = (0..<4).map { Affinity.Key(url: "https://\($0)/", digest: .random(using: &random)) }
        func first(_ ranking: Ranking) -> [Int] {
            digests.indices.map { chunk in keys.indices.first { ranking.place(of: $0, for: chunk) == 1 } ?? -1 }
        }
        let byItself = digests.map { Affinity.order(of: $0, among: keys)[0] }
        let byGroup = digests.indices.map { byItself[$0 / 16 * 16] }
        let small = try Ranking(
            layout: smallChunks(count),
            digests: digests,
            sources: keys.map { ($0, .worker) }
        )
        #expect(first(small) == (count == 4096 ? byGroup : byItself))
        #expect(first(small.byChunk ?? small) == byItself)
        let large = Ranking(layout: layout(count), digests: digests, sources: keys.map { ($0, .worker) })
        #expect(first(large) == byItself)
        #expect(large.byChunk == nil)
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
    /// Gives each chunk to the first `copies` sources of its ranking, as a publisher does: each by itself.
    mutating func place(copies: Int) {
        guard let ranking = ranking?.byChunk ?? ranking else { return }
        let bound = layout.chunkCount
        for source in sources.indices {
            var holdings = ChunkSet(bound: bound)
            for chunk in 0..<bound where ranking.place(of: source, for: chunk) <= copies { holdings.insert(chunk) }
            sources[source].holdings = holdings
        }
    }
}
