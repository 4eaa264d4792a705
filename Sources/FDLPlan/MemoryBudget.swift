/// How much may be asked for and not yet stored, and how much is.
struct MemoryBudget: Sendable {
    /// In bytes, never to be exceeded.
    let limit: Int
    /// What of the limit may be in use now; hedges go beyond it.
    private(set) var allowance: Int
    private(set) var used = 0

    init(limit: Int) {
        self.limit = limit
        allowance = limit
    }

    /// What a chunk takes of the memory while it is on its way. A short one takes more than its bytes: a request, its
    /// answer's head, a place in the queue to the disk.
    static func cost(ofLength length: Int) -> Int { max(length, leastCost) }

    private static let leastCost = 8 << 10

    /// What may still be asked for.
    var left: Int { allowance - used }

    /// Whether a chunk may be asked for.
    func allows(length: Int) -> Bool { used + Self.cost(ofLength: length) <= allowance }

    /// Whether a chunk may be asked for that somebody has been asked for already.
    func allowsHedge(length: Int) -> Bool { used + Self.cost(ofLength: length) <= limit }

    /// A chunk has been asked for.
    mutating func take(length: Int) { used += Self.cost(ofLength: length) }

    /// A chunk is stored, or given up by who was asked.
    mutating func release(length: Int) { used -= Self.cost(ofLength: length) }

    /// Sets the allowance to what is needed: not less than half of the limit, or than one chunk.
    mutating func allow(_ needed: Int, chunkSize: Int) { allowance = min(limit, max(limit / 2, chunkSize, needed)) }
}
