import FDLCore

/// Where each missing chunk stands: unadmitted, pending, in flight, verified or stored.
///
/// At every moment a missing chunk is in one of these and in one alone, so their counts add up to the number of chunks
/// that were missing at the start. It goes forward through them in this order; only one in flight goes back, to
/// pending, when none of those asked for it will give it. A chunk that is not missing is in none.
struct ChunkBook: Sendable {
    let layout: ChunkLayout

    /// Nobody has been asked for them yet, or who was asked has given them back.
    private(set) var pending: PendingChunks
    private(set) var pendingBytes: Int64
    /// Sequential order: those beyond the window. Nil in any order, where all are admitted from the start.
    private(set) var unadmitted: ChunkSet?
    private var lowestUnconsumed = 0
    private let window: Int
    /// By chunk, for those in flight.
    private(set) var flights: [Int: Flight] = [:]
    /// Verified, be they stored or not.
    private(set) var verified: ChunkSet
    /// Verified and not stored.
    private(set) var unstored: ChunkSet
    /// Stored though no request that the plan knows has brought them.
    private(set) var storedEarly: ChunkSet
    /// How many are not stored yet.
    private(set) var remaining: Int

    /// Who has been asked for a chunk.
    struct Flight: Sendable, Equatable {
        var first: Int
        var second: Int?

        func other(than request: Int) -> Int? { first == request ? second : first }
    }

    /// What a right answer for a chunk is.
    enum Acceptance: Equatable {
        /// The first one. `isStored`: the chunk has been written already; `rival`: who else was asked for it.
        case first(isStored: Bool, rival: Int?)
        /// Another one was there before it.
        case again
    }

    /// - Parameter window: in sequential order, how many chunks from the lowest unconsumed one on are admitted; nil in
    ///   any order.
    init(layout: ChunkLayout, missing: ChunkSet, window: Int?, sourceCount: Int) {
        self.layout = layout
        let none = ChunkSet(bound: missing.bound)
        verified = none
        unstored = none
        storedEarly = none
        remaining = missing.count
        self.window = window ?? missing.bound
        unadmitted = window == nil ? nil : missing
        pending = PendingChunks(window == nil ? missing : none, sourceCount: sourceCount)
        pendingBytes = window == nil ? layout.bytes(of: missing) : 0
    }

    // MARK: - Unadmitted

    /// Makes pending what lies in the window.
    /// - Returns: whether that was anything.
    mutating func admit() -> Bool {
        guard unadmitted != nil else { return false }
        let end = min(lowestUnconsumed + window, layout.chunkCount)
        var isAny = false
        while let chunk = unadmitted?.first(), chunk < end {
            unadmitted?.remove(chunk)
            makePending(chunk)
            isAny = true
        }
        return isAny
    }

    /// A chunk has been handed to the reader: the window moves on.
    /// - Returns: whether that made anything pending.
    mutating func consume(_ chunk: Int) -> Bool {
        lowestUnconsumed = max(lowestUnconsumed, chunk + 1)
        return admit()
    }

    // MARK: - Pending

    /// The chunk to ask a source for next.
    mutating func next(for source: Int) -> PendingChunks.Candidate? { pending.next(for: source) }

    /// From now on `source` is not asked for `chunk`.
    /// - Returns: whether it was allowed before.
    mutating func exclude(_ chunk: Int, from source: Int) -> Bool { pending.exclude(chunk, from: source) }

    /// Takes an exclusion back.
    mutating func allow(_ chunk: Int, of source: Int) { pending.allow(chunk, of: source) }

    /// Puts a source aside for good.
    mutating func retire(_ source: Int) { pending.retire(source) }

    private mutating func makePending(_ chunk: Int) {
        pending.insert(chunk)
        pendingBytes += Int64(layout.length(ofChunk: chunk))
    }

    // MARK: - In flight

    /// A request has been sent for pending chunks.
    mutating func send(_ chunks: Range<Int>, by request: Int) {
        for chunk in chunks {
            pending.remove(chunk)
            pendingBytes -= Int64(layout.length(ofChunk: chunk))
            flights[chunk] = Flight(first: request)
        }
    }

    /// A second request has been sent for a chunk in flight.
    mutating func hedge(_ chunk: Int, by request: Int) { flights[chunk]?.second = request }

    /// A request no longer holds a chunk: it is pending again, unless another request holds it or it is verified.
    /// - Returns: whether it is pending again.
    mutating func giveBack(_ chunk: Int, from request: Int) -> Bool {
        guard let flight = flights[chunk] else { return false }
        if let other = flight.other(than: request) {
            flights[chunk] = Flight(first: other)
            return false
        }
        flights[chunk] = nil
        makePending(chunk)
        return true
    }

    // MARK: - Verified and stored

    /// A request has brought a chunk. The first one counts.
    mutating func verify(_ chunk: Int, by request: Int) -> Acceptance {
        guard verified.insert(chunk) else { return .again }
        let isStored = storedEarly.contains(chunk)
        if isStored { remaining -= 1 } else { unstored.insert(chunk) }
        return .first(isStored: isStored, rival: flights.removeValue(forKey: chunk)?.other(than: request))
    }

    /// A chunk has been written.
    /// - Returns: whether it was waiting for that.
    mutating func store(_ chunk: Int) -> Bool {
        guard unstored.remove(chunk) else {
            // It came over a connection that was given up meanwhile. The store takes a chunk once: when the plan hears
            // of it from another connection, the store will say nothing more.
            if !verified.contains(chunk) { storedEarly.insert(chunk) }
            return false
        }
        remaining -= 1
        return true
    }

    // MARK: - The end

    /// How many are still to be had.
    var unverifiedCount: Int { remaining - unstored.count }

    /// Some chunks no source may be asked for, and nothing else is left to wait for. In sequential order, nothing
    /// after a chunk that cannot be had is of use; in any order, all else is kept.
    var isBlocked: Bool {
        let blocked = pending.blockedCount
        guard blocked > 0 else { return false }
        return unadmitted != nil || (flights.isEmpty && unstored.isEmpty && blocked == pending.count)
    }
}

extension ChunkLayout {
    /// How many bytes neighbouring chunks have together.
    func bytes(of chunks: Range<Int>) -> Int { chunks.reduce(0) { $0 + length(ofChunk: $1) } }
}
