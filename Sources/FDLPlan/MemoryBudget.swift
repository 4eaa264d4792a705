/// How many bytes may be asked for and not yet stored, and how many are. It only counts: callers ask before they take.
struct MemoryBudget: Sendable {
    /// The most bytes ever in use.
    let limit: Int
    /// How many bytes of the limit first requests may use at present. Only hedges may use the rest.
    private(set) var allowance: Int
    /// Bytes in use, each chunk counted by its `cost`, and a hedged chunk twice.
    private(set) var used = 0

    init(limit: Int) {
        self.limit = limit
        allowance = limit
    }

    /// How many bytes of the budget a chunk of `length` bytes takes until it is stored. A short chunk takes more than
    /// its length, for the request, the head of the answer, and an entry in the writer's queue.
    static func cost(ofLength length: Int) -> Int { max(length, leastCost) }

    private static let leastCost = 8 << 10

    /// How many bytes may still be asked for; negative if hedges have gone beyond the allowance or it was lowered.
    var left: Int { allowance - used }

    /// Whether there is memory for a chunk.
    func allows(length: Int) -> Bool { used + Self.cost(ofLength: length) <= allowance }

    /// Whether there is memory for a second copy of a chunk that is in flight.
    func allowsHedge(length: Int) -> Bool { used + Self.cost(ofLength: length) <= limit }

    /// Notes that a chunk has been asked for.
    mutating func take(length: Int) { used += Self.cost(ofLength: length) }

    /// Notes that a chunk is stored, or that a request will not bring it.
    mutating func release(length: Int) { used -= Self.cost(ofLength: length) }

    /// Sets the allowance to `needed` bytes, but at least half of the limit and at least one chunk.
    mutating func allow(_ needed: Int, chunkSize: Int) { allowance = min(limit, max(limit / 2, chunkSize, needed)) }
}
