import FDLCore
import NIOCore

/// A server: its flows take turns on one line.
struct FleetHost {
    /// Bytes a second.
    let rate: Double
    /// What it has; nil for everything.
    let holdings: ChunkSet?
    var cache: FleetCache?
    /// Flows that may have something to send, the next one first.
    var turns = CircularBuffer<Int>()
    var isSending = false
    var isDown = false
    var sentBytes = 0

    init(rate: Double, holdings: ChunkSet? = nil, cache: FleetCache? = nil) {
        self.rate = rate
        self.holdings = holdings
        self.cache = cache
    }

    /// What a flow may send in its turn: a quarter of a second's worth of its share, so that nobody waits long, 64 KiB
    /// at least and a quarter of a chunk at most.
    func quantum(chunkSize: Int) -> Int {
        let share = rate * 0.25 / Double(turns.count + 1)
        return max(min(Int(share), chunkSize / 4), 64 << 10)
    }
}

/// What a cache holds, and what it waits for.
struct FleetCache {
    private let room: Int?
    /// The chunks there, each between the one used before it and the one used after it. The entry behind the last chunk's
    /// is both ends of the row.
    private var earlier: [Int32]
    private var later: [Int32]
    private var isHere: ChunkSet
    /// The flows that wait for each chunk which is being fetched.
    private(set) var waiting: [Int: [Int]] = [:]
    /// Connections to the origin that wait for work.
    var idle: [Int] = []
    /// From the origin.
    var line: FleetLine

    init(chunks: Int, room: Int?, rate: Double) {
        self.room = room
        earlier = Array(repeating: Int32(chunks), count: chunks + 1)
        later = earlier
        isHere = ChunkSet(bound: chunks)
        line = FleetLine(rate: rate)
    }

    enum Answer { case isThere, isComing, hasToBeFetched }

    /// `flow` asks for a chunk.
    mutating func ask(_ chunk: Int, for flow: Int) -> Answer {
        if isHere.contains(chunk) {
            guard room != nil else { return .isThere }
            unlink(chunk)
            append(chunk)
            return .isThere
        }
        let isFirst = waiting[chunk] == nil
        waiting[chunk, default: []].append(flow)
        return isFirst ? .hasToBeFetched : .isComing
    }

    /// The chunk has come.
    /// - Returns: the flows that waited for it.
    mutating func fill(_ chunk: Int) -> [Int] {
        isHere.insert(chunk)
        if let room {
            append(chunk)
            if isHere.count > room {
                let oldest = Int(later[later.count - 1])
                unlink(oldest)
                isHere.remove(oldest)
            }
        }
        return waiting.removeValue(forKey: chunk) ?? []
    }

    private mutating func append(_ chunk: Int) {
        let end = later.count - 1
        let last = earlier[end]
        earlier[chunk] = last
        later[chunk] = Int32(end)
        later[Int(last)] = Int32(chunk)
        earlier[end] = Int32(chunk)
    }

    private mutating func unlink(_ chunk: Int) {
        later[Int(earlier[chunk])] = later[chunk]
        earlier[Int(later[chunk])] = earlier[chunk]
    }
}
