import FDLCore

/// The state of each missing chunk: unadmitted, pending, in flight, verified or stored.
///
/// A missing chunk is in exactly one of these states, so their counts add up to the number of chunks that were missing
/// at the start. It goes through them in this order. The only step back is from in flight to pending, when no request
/// for the chunk is left. A chunk that was not missing at the start is in no state.
struct ChunkBook: Sendable {
    let layout: ChunkLayout

    /// Chunks that no request is outstanding for: not yet asked for, or given back.
    private(set) var pending: PendingChunks
    private(set) var pendingBytes: Int64
    /// In sequential order, the chunks beyond the window; nil in any order, which admits all chunks from the start.
    private(set) var unadmitted: ChunkSet?
    private var lowestUnconsumed = 0
    private let window: Int
    /// The requests for each chunk in flight, by chunk.
    private(set) var flights: [Int: Flight] = [:]
    /// Verified chunks, stored or not.
    private(set) var verified: ChunkSet
    /// Verified chunks that are not stored yet.
    private(set) var unstored: ChunkSet
    /// Chunks stored before the plan knew them as verified: they came on a connection that the plan had dropped.
    private(set) var storedEarly: ChunkSet
    /// How many missing chunks are not verified and stored yet.
    private(set) var remaining: Int

    /// The keys of the one or two requests outstanding for a chunk.
    struct Flight: Sendable, Equatable {
        var first: Int
        var second: Int?

        func other(than request: Int) -> Int? { first == request ? second : first }
    }

    /// What the arrival of a verified chunk means.
    enum Acceptance: Equatable {
        /// The chunk had not been verified before. `isStored`: it has been written already. `rival`: the key of the
        /// other request for it.
        case first(isStored: Bool, rival: Int?)
        /// The chunk had been verified before.
        case again
    }

    /// - Parameter window: in sequential order, how many chunks are admitted, counted from the lowest unconsumed one;
    ///   nil in any order.
    init(layout: ChunkLayout, missing: ChunkSet, window: Int?, sourceCount: Int, ranking: Ranking? = nil) {
        self.layout = layout
        let none = ChunkSet(bound: missing.bound)
        verified = none
        unstored = none
        storedEarly = none
        remaining = missing.count
        self.window = window ?? missing.bound
        unadmitted = window == nil ? nil : missing
        // In sequential order the lowest chunk goes to whoever is free.
        let ranking = window == nil ? ranking : nil
        pending = PendingChunks(window == nil ? missing : none, sourceCount: sourceCount, ranking: ranking)
        pendingBytes = window == nil ? layout.bytes(of: missing) : 0
    }

    // MARK: - Unadmitted

    /// Makes the unadmitted chunks within the window pending.
    /// - Returns: whether there were any.
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

    /// Moves the window, because a chunk has been handed to the reader.
    /// - Returns: whether that made any chunk pending.
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

    /// Lifts an exclusion: `source` may be asked for `chunk` again.
    mutating func allow(_ chunk: Int, of source: Int) { pending.allow(chunk, of: source) }

    /// A source has answered that it lacks a chunk.
    mutating func lacks(_ chunk: Int, _ source: Int) { pending.lacks(chunk, source) }

    /// A source has given a chunk.
    mutating func gave(_ chunk: Int, _ source: Int) { pending.gave(chunk, source) }

    /// A source is asked for a chunk that it is taken to lack.
    mutating func probes(_ source: Int) { pending.holdings.isProbed(source) }

    /// Time passes.
    mutating func advance(to now: Double) { pending.holdings.advance(to: now) }

    /// Puts a source aside for the rest of the job.
    mutating func retire(_ source: Int) { pending.retire(source) }

    private mutating func makePending(_ chunk: Int) {
        pending.insert(chunk)
        pendingBytes += Int64(layout.length(ofChunk: chunk))
    }

    // MARK: - In flight

    /// Notes that a request has been sent for pending chunks.
    mutating func send(_ chunks: Range<Int>, by request: Int) {
        for chunk in chunks {
            pending.remove(chunk)
            pendingBytes -= Int64(layout.length(ofChunk: chunk))
            flights[chunk] = Flight(first: request)
        }
    }

    /// Notes that a second request has been sent for a chunk in flight.
    mutating func hedge(_ chunk: Int, by request: Int) { flights[chunk]?.second = request }

    /// Notes that a request will not bring a chunk. The chunk becomes pending again, unless it is verified or another
    /// request for it is outstanding.
    /// - Returns: whether it became pending.
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

    /// Notes that a request has brought a verified chunk. Only the first copy counts.
    mutating func verify(_ chunk: Int, by request: Int) -> Acceptance {
        guard verified.insert(chunk) else { return .again }
        let isStored = storedEarly.contains(chunk)
        if isStored { remaining -= 1 } else { unstored.insert(chunk) }
        return .first(isStored: isStored, rival: flights.removeValue(forKey: chunk)?.other(than: request))
    }

    /// Notes that a chunk has been written.
    /// - Returns: whether the plan knew it as verified and not yet stored.
    mutating func store(_ chunk: Int) -> Bool {
        guard unstored.remove(chunk) else {
            // The chunk came on a connection that the plan has dropped meanwhile. The store writes a chunk only once,
            // so it will not report this one again when another connection brings it.
            if !verified.contains(chunk) { storedEarly.insert(chunk) }
            return false
        }
        remaining -= 1
        return true
    }

    // MARK: - The end

    /// How many chunks are not verified yet.
    var unverifiedCount: Int { remaining - unstored.count }

    /// Whether no source may be asked for some chunk, and there is nothing else to wait for. In sequential order there
    /// is no point in waiting, because chunks after that one cannot be written; in any order the other chunks are kept.
    var isBlocked: Bool {
        let blocked = pending.blockedCount
        guard blocked > 0 else { return false }
        return unadmitted != nil || (flights.isEmpty && unstored.isEmpty && blocked == pending.count)
    }
}

extension ChunkLayout {
    /// The length of neighbouring chunks together, in bytes.
    func bytes(of chunks: Range<Int>) -> Int { chunks.reduce(0) { $0 + length(ofChunk: $1) } }
}
