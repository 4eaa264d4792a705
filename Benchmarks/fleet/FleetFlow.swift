import NIOCore

/// A request that a server has, or that travels to it.
struct FleetRequest {
    /// The plan's; of no meaning when a cache fills itself.
    let key: Int
    let chunk: Int
    /// Bytes still to be sent, and still to arrive.
    var toSend: Int
    var toArrive: Int
    var isCancelled = false
    /// The answer is that the server lacks it.
    var isLacking = false
}

/// A connection to a server: answers are sent in the order of the requests.
struct FleetFlow {
    enum Receiver {
        case reader(Int, connection: Int)
        case cache(Int)
    }

    let receiver: Receiver
    let host: Int
    /// Round trip in seconds.
    let delay: Double
    var requests = CircularBuffer<FleetRequest>(initialCapacity: 4)
    /// How many of the requests have reached the server, and how many it has sent all of.
    var reached = 0
    var sent = 0
    /// Whether it is in its server's turn, and whether it waits for what the server has to fetch itself.
    var hasTurn = false
    var waitsForFill = false
    var isClosed = false

    /// Whether the server has something to send on it.
    var isReady: Bool { !isClosed && !waitsForFill && sent < reached }
}

/// One direction of a line: bytes one after another.
struct FleetLine {
    /// Bytes a second.
    let rate: Double
    private var freeAt = 0.0

    init(rate: Double) { self.rate = rate }

    /// Bytes whose first one comes in at `first` and the last at `last`.
    /// - Returns: when the last one is through.
    mutating func pass(_ bytes: Int, first: Double, last: Double) -> Double {
        freeAt = max(last, max(first, freeAt) + Double(bytes) / rate)
        return freeAt
    }
}
