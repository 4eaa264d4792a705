import FDLCore

extension DownloadPlan {
    /// What the plan knows about one source. Times are in seconds, rates in bytes a second.
    struct Source: Sendable {
        let kind: SourceKind
        var standing = Standing.live
        /// Keys of its connections, oldest first.
        var connections: [Int] = []
        /// How many connections it should have while there is work for them.
        var desiredConnections: Int
        /// No trial of a further connection begins before this time.
        var growAfter = -Double.infinity
        /// No connection is opened before this time, and …
        var connectAfter = -Double.infinity
        /// … nothing is asked for before this time.
        var fetchAfter = -Double.infinity
        var failures = FailureRecord()
        var life = ConnectionLife()
        var wrong = WrongChunks()
        /// Whether it answers a range with the whole file.
        var ignoresRanges = false
        var lastByteAt = -Double.infinity
        var hasAnswered = false
        /// When the last good answer came.
        var answeredAt = -Double.infinity
        /// How many chunks in a row the source lacked since it last gave one.
        var lackedInARow = 0
        var refusals = Refusals()
        var isSlow = false
        /// The last rate and the least delay of its connections, as first estimates for the next one.
        var rate: Double?
        var delay: Double?
        var firstWorkAt: Double?

        var isLive: Bool { standing == .live }

        /// Lowers the number of connections by one, and allows no trial of a further one before `time`.
        mutating func shrink(until time: Double) { shrink(to: desiredConnections - 1, until: time) }

        /// Lowers the number of connections to `count`, and allows no trial of a further one before `time`.
        mutating func shrink(to count: Int, until time: Double) {
            desiredConnections = max(1, min(desiredConnections, count))
            growAfter = time
        }
    }

    /// Whether a source takes part in the job, and if not, why.
    enum Standing: Sendable, Equatable {
        case live, quarantined, unusable, givenUp
    }

    struct Connection: Sendable {
        let source: Int
        let openedAt: Double
        var isReady = false
        /// Keys of the outstanding requests, in the order sent, which is also the order of the answers.
        var requests: [Int] = []
        /// Bytes asked for that have not arrived yet.
        var outstanding = 0
        /// Bytes of cancelled answers that may still arrive before those.
        var draining = 0
        var meter: RateMeter
        var delay: Double?
        var idleSince = 0.0
        /// Whether it gets no more work and is closed after its outstanding requests.
        var isRetiring = false
        /// How many requests were sent on it.
        var asked = 0
        /// More was asked than it answers: that an answer was lost with it is not the source's fault.
        var isOverrun = false
        /// Set while it brings a whole file.
        var stream: Stream?
        /// Whether a good answer has come on it.
        var hasServed = false
        /// When the last chunk or other good answer came.
        var lastChunkAt = -Double.infinity
        /// When the last answer or part of one arrived, or when the first request after an idle time was sent.
        var silentSince = 0.0
        var hunger = Hunger.none
        /// The number of the feeding in which it was last filled.
        var lastFeeding = 0

        var wasAsked: Bool { asked > 0 }
        /// How many requests were answered, or were called off.
        var answered: Int { asked - requests.count }

        /// In how many seconds `length` bytes more, asked for now, will have arrived at a given rate.
        func wait(for length: Int, rate: Double) -> Double {
            let first = requests.isEmpty ? delay ?? 0 : 0
            return first + Double(outstanding + draining + length) / max(rate, 1e-3)
        }
    }

    /// What keeps a connection from having more outstanding.
    enum Hunger: Sendable {
        case none, memory, work
    }

    struct Request: Sendable {
        let connection: Int
        /// The chunks that are not verified yet.
        var chunks: Range<Int>
        /// Their bytes together.
        var bytes: Int
        /// How many of those bytes have arrived.
        var arrived = 0
        let sentAt: Double
        /// Whether the connection was idle when it was sent, so that the time to the first byte is the delay.
        let measuresDelay: Bool
        var awaitsFirstByte = true
        /// Bytes that came before its own, and are of no use.
        var readPast = 0
        /// Whether another source has given the last chunks, so that the answer is longer than what is still wanted.
        var isShortened = false

        var left: Int { bytes - arrived }
    }

    /// A trial of a further connection to a source. Rates are in bytes a second.
    struct Trial: Sendable {
        let connection: Int
        /// The rate of all connections before the trial.
        let totalBefore: Double
        /// The mean rate of a connection of this source before the trial.
        let share: Double
        var connectedAt: Double?
    }
}
