import FDLCore
import FDLPlan

/// One set of sources and one file.
struct Scenario {
    var name: String
    var seed: UInt64
    var sources: [SimulatedSource]
    var layout: ChunkLayout
    var memoryLimit = 32 << 20
    var order = DownloadPlan.Configuration.Order.any
    /// The chunks no source has.
    var lost: ChunkSet?
    var isRanked = true
    /// The same for readers of one file.
    var rankingSeed: UInt64 = 7

    var bytes: Double { Double(layout.fileSizes.reduce(0, +)) }

    /// All bytes at the rate of all honest sources together, and one chunk at their mean rate.
    var ideal: Double {
        let rates = sources.filter(\.isHonest).map { min($0.rate, 4 * $0.connectionRate) }
        let sum = rates.reduce(0, +)
        return bytes / sum + Double(layout.chunkSize.bytes) / (sum / Double(rates.count))
    }

    var refetchBound: Int { max(Int(bytes * 0.02), 2 * sources.count * layout.chunkSize.bytes) }

    /// How chunks belong to sources; nil where a test wants to do without.
    var ranking: Ranking? {
        guard isRanked else { return nil }
        var random = TestGenerator(seed: rankingSeed)
        let digests = (0..<layout.chunkCount).map { _ in SHA256Digest.random(using: &random) }
        let keys = sources.indices.map { Affinity.Key(url: "https://\($0)/", digest: .random(using: &random)) }
        return Ranking(layout: layout, digests: digests, sources: zip(keys, sources).map { ($0, $1.kind) })
    }

    func run(keepsTrace: Bool = false) -> Outcome {
        var simulation = simulation(keepsTrace: keepsTrace)
        return simulation.run()
    }

    func simulation(keepsTrace: Bool = false) -> Simulation<DownloadPlan> {
        let plan = DownloadPlan(
            layout: layout,
            missing: ChunkSet(bound: layout.chunkCount, filled: true),
            sources: sources.map(\.kind),
            ranking: ranking,
            configuration: .init(memoryLimit: memoryLimit, order: order),
            seed: seed
        )
        return Simulation(
            plan,
            layout: layout,
            sources: sources,
            memoryLimit: max(memoryLimit, layout.chunkSize.bytes),
            seed: seed,
            keepsTrace: keepsTrace,
            isSequential: order != .any
        )
    }

    func runRoundRobin() -> Outcome {
        let plan = RoundRobin(layout: layout, sourceCount: sources.count, memoryLimit: memoryLimit)
        var simulation = Simulation(plan, layout: layout, sources: sources, memoryLimit: memoryLimit, seed: seed)
        return simulation.run()
    }

    static func layout(chunks: Int, _ random: inout TestGenerator) -> ChunkLayout {
        var sizes: [Int64] = []
        var left = Int64(chunks)
        while left > 0 {
            let count = random.chance(0.5) ? left : Int64.random(in: 1...left, using: &random)
            sizes.append(count << 20 - Int64.random(in: 0..<(1 << 20), using: &random))
            left -= count
        }
        return ChunkLayout(chunkSize: .standard(totalBytes: 0), fileSizes: sizes)
    }

    static func honest(seed: UInt64) -> Scenario {
        var random = TestGenerator(seed: seed)
        let count = Int.random(in: 1...12, using: &random)
        let slowest = random.logarithmic(1e5, 10)
        let ratio = random.logarithmic(1, 100)
        let sources = (0..<count).map { _ in
            SimulatedSource(
                kind: random.chance(0.3) ? .mirror : .worker,
                rate: random.logarithmic(slowest, ratio),
                delay: random.logarithmic(0.0005, 200)
            )
        }
        let sum = sources.reduce(0) { $0 + $1.rate }
        // At least eight seconds' worth: against that, connecting is not much.
        let chunks = max(16 * count, Int(8 * sum) >> 20, 100)
        return Scenario(
            name: "honest \(seed)",
            seed: seed,
            sources: sources,
            layout: layout(chunks: chunks, &random)
        )
    }
}

extension Scenario {
    /// Everything that can go wrong, with at least one honest holder for each chunk that is up often enough.
    static func hostile(seed: UInt64) -> Scenario {
        var random = TestGenerator(seed: seed &+ 1_000_000)
        let chunks = Int.random(in: 1...60, using: &random)
        let count = Int.random(in: 1...8, using: &random)
        var sources = (0..<count).map { _ in source(chunks: chunks, &random) }
        if !sources.contains(where: \.isHonest) {
            sources[0].corruption = 0
            sources[0].refusal = nil
            sources[0].drips = false
            sources[0].nonsense = 0
        }
        let honest = sources.indices.filter { sources[$0].isHonest }
        for chunk in 0..<chunks where !honest.contains(where: { sources[$0].holdings?.contains(chunk) ?? true }) {
            if let holder = honest.randomElement(using: &random) { sources[holder].holdings?.insert(chunk) }
        }
        if random.chance(0.1) {
            // A partition of everything.
            let from = 2 + 10 * random.unit()
            let outage = SimulatedSource.Outage(
                from: from,
                to: from + 20 + 10 * random.unit(),
                isSilent: random.chance(0.5)
            )
            for index in sources.indices { sources[index].outages = [outage] }
        }
        let chunkSize = 1 << 20
        return Scenario(
            name: "hostile \(seed)",
            seed: seed,
            sources: sources,
            layout: layout(chunks: chunks, &random),
            memoryLimit: Int.random(in: 1...32, using: &random) * chunkSize,
            order: random.chance(0.3) ? .sequential(window: Int.random(in: 1...40, using: &random)) : .any
        )
    }

    private static func source(chunks: Int, _ random: inout TestGenerator) -> SimulatedSource {
        var source = SimulatedSource(
            kind: random.chance(0.3) ? .mirror : .worker,
            rate: random.logarithmic(1e5, 100),
            delay: random.logarithmic(0.0005, 400)
        )
        if random.chance(0.2) { source.connectionRate = source.rate / Double(Int.random(in: 1...4, using: &random)) }
        if random.chance(0.15) { source.corruption = random.chance(0.5) ? 1 : 0.05 }
        if random.chance(0.2) { source.breaks = 0.3 * random.unit() }
        if random.chance(0.2) {
            source.busy = 0.3 * random.unit()
            source.retryAfter = random.chance(0.5) ? .seconds(99_999_999) : nil
        }
        if random.chance(0.1) { source.nonsense = random.unit() }
        if random.chance(0.1) { source.drips = true }
        if random.chance(0.15) {
            source.refusal = random.chance(0.5) ? .unreachable(.refused) : .tls(.unknownAuthority)
        }
        if source.kind == .worker, random.chance(0.4) {
            var holdings = ChunkSet(bound: chunks)
            let share = random.unit()
            for chunk in 0..<chunks where random.chance(share) { holdings.insert(chunk) }
            source.holdings = holdings
        }
        if random.chance(0.3) {
            var time = 3 + 5 * random.unit()
            for _ in 0..<Int.random(in: 1...10, using: &random) {
                let length = 0.2 + 20 * random.unit()
                source.outages.append(.init(from: time, to: time + length, isSilent: random.chance(0.5)))
                // Up long enough for a pause to pass and a chunk to come.
                time += length + 10 + 5 * random.unit() + 3 * Double(1 << 20) / source.rate
            }
        }
        return source
    }

    /// As `hostile`, but some chunks nobody honest has.
    static func hopeless(seed: UInt64) -> Scenario {
        var scenario = hostile(seed: seed)
        var random = TestGenerator(seed: seed &+ 2_000_000)
        scenario.name = "hopeless \(seed)"
        scenario.order = .any
        let chunks = scenario.layout.chunkCount
        var lost = ChunkSet(bound: chunks)
        lost.insert(Int.random(in: 0..<chunks, using: &random))
        for chunk in 0..<chunks where random.chance(0.1) { lost.insert(chunk) }
        for index in scenario.sources.indices {
            scenario.sources[index].kind = .worker
            let holdings = scenario.sources[index].holdings ?? ChunkSet(bound: chunks, filled: true)
            scenario.sources[index].holdings = holdings.subtracting(lost)
        }
        scenario.lost = lost
        return scenario
    }
}

/// One way for a source to be of no use.
enum BadSource: CaseIterable {
    case refuses, badTLS, lies, liesNowAndThen, drips, breaksOff, isBusy, talksNonsense, hasNothing, isSilent, isSlow

    func apply(to source: inout SimulatedSource) {
        switch self {
        case .refuses: source.refusal = .unreachable(.refused)
        case .badTLS: source.refusal = .tls(.certificateExpired)
        case .lies: source.corruption = 1
        case .liesNowAndThen: source.corruption = 0.1
        case .drips: source.drips = true
        case .breaksOff: source.breaks = 1
        case .isBusy:
            source.busy = 1
            source.retryAfter = .seconds(99_999_999)
        case .talksNonsense: source.nonsense = 1
        case .hasNothing: source.holdings = ChunkSet(bound: 1000)
        case .isSilent: source.outages = [.init(from: 0.5, to: 1e6, isSilent: true)]
        case .isSlow: source.rate = 1e4
        }
    }
}

extension Scenario {
    /// One honest source of 10 MB/s, and a bad one.
    static func beside(_ bad: BadSource?, seed: UInt64) -> Scenario {
        var random = TestGenerator(seed: seed)
        let honest = SimulatedSource(rate: 10e6, delay: random.logarithmic(0.001, 50))
        var sources = [honest]
        if let bad {
            var source = honest
            bad.apply(to: &source)
            sources.append(source)
        }
        return Scenario(
            name: "beside \(String(describing: bad)) \(seed)",
            seed: seed,
            sources: sources,
            layout: layout(chunks: 100, &random)
        )
    }
}
