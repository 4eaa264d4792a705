import FDLCore
import FDLPlan

/// What is scheduled: the plan, or the round robin it is compared with.
protocol Scheduler {
    mutating func start(at: Duration) -> [DownloadPlan.Action]
    mutating func handle(_ event: DownloadPlan.Event, at: Duration) -> [DownloadPlan.Action]
}

extension DownloadPlan: Scheduler {}

/// One server as the simulator plays it.
struct SimulatedSource {
    var kind = SourceKind.worker
    /// Bytes a second, shared by all its connections.
    var rate: Double
    /// Bytes a second on one connection.
    var connectionRate = Double.infinity
    /// Round trip in seconds.
    var delay: Double
    var outages: [Outage] = []
    /// The share of chunks sent wrong.
    var corruption = 0.0
    /// Chunks that it sends wrong until it is asked for them past its cache.
    var rotten: ChunkSet?
    /// Chunks that it always sends wrong.
    var persistent: Set<Int> = []
    /// The share of answers broken off in the middle.
    var breaks = 0.0
    /// The share of requests answered 503, and what `Retry-After` says.
    var busy = 0.0
    var retryAfter: Duration?
    /// The share of requests answered with something that is not the protocol.
    var nonsense = 0.0
    /// The chunks it has; nil: all.
    var holdings: ChunkSet?
    /// Refuses every connection, with this error.
    var refusal: SourceError?
    /// It has chunks only when it has fetched them from its own origin.
    var cache: SimulatedCache?
    /// Sends one byte a second.
    var drips = false
    /// Closes each connection behind so many answers, and says so with the last.
    var answersPerConnection: Int?
    var announcesLast = true
    /// Answers 503 on all connections but so many at a time.
    var connectionLimit: Int?

    struct Outage {
        var from: Double
        var to: Double
        /// Packets vanish, rather than connections being refused.
        var isSilent: Bool
    }

    /// Gives right bytes, sooner or later.
    var isHonest: Bool {
        corruption == 0 && rotten == nil && persistent.isEmpty && refusal == nil && !drips && nonsense == 0
    }
    /// Never does anything wrong.
    var isFlawless: Bool { isHonest && outages.isEmpty && breaks == 0 && busy == 0 }

    func outage(at time: Double) -> Outage? { outages.first { $0.from <= time && time < $0.to } }
}

/// What one simulated download came to.
struct Outcome {
    var finished = false
    /// Every source's account at the end.
    var reports: [SourceReport] = []
    var failure: DownloadFailure?
    /// Virtual seconds.
    var time = 0.0
    /// Bytes that came for chunks another request had given meanwhile.
    var refetched = 0
    /// The most bytes asked for and not stored.
    var largestMemory = 0
    var connectionsOpened = 0
    var mostConnections = 0
    var fetches = 0
    var wrongAnswers = 0
    var events = 0
    /// Everything that must not happen and did.
    var violations: [String] = []
    /// Every fetch, for comparing runs.
    var trace: [Int] = []
}

/// The seeded generator of the tests: another one than the plan's own.
struct TestGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_f491_4f6c_dd1d
    }

    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    /// Evenly spread in its logarithm.
    mutating func logarithmic(_ from: Double, _ ratio: Double) -> Double {
        // Powers by repeated square roots, so that the tests need no mathematics library.
        var value = from
        var factor = ratio
        for _ in 0..<20 {
            factor = factor.squareRoot()
            if chance(0.5) { value *= factor }
        }
        return value
    }
}
