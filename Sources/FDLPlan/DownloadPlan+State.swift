import FDLCore

extension DownloadPlan {
    /// What the plan knows of one source.
    struct Source: Sendable {
        let kind: SourceKind
        var standing = Standing.live
        /// Keys of its connections, oldest first.
        var connections: [Int] = []
        /// How many connections it should have while there is work for them.
        var desiredConnections: Int
        /// The last further connection was not worth its while: no other before this.
        var growAfter = -Double.infinity
        /// No connection is opened before this, and …
        var connectAfter = -Double.infinity
        /// … nothing is asked for before this.
        var fetchAfter = -Double.infinity
        var failures = FailureRecord()
        var lastByteAt = -Double.infinity
        var hasAnswered = false
        /// Answers "does not have it" since the last chunk.
        var lackedInARow = 0
        var isSlow = false
        /// The rate and delay of its connections, for the next one to start with.
        var rate: Double?
        var delay: Double?
        var firstWorkAt: Double?

        var isLive: Bool { standing == .live }

        /// One connection fewer may be what it can serve; no further one before `time`.
        mutating func shrink(until time: Double) {
            desiredConnections = max(1, desiredConnections - 1)
            growAfter = time
        }
    }

    enum Standing: Sendable, Equatable {
        case live, quarantined, unusable, givenUp
    }

    struct Connection: Sendable {
        let source: Int
        let openedAt: Double
        var isReady = false
        /// Keys of the requests, in the order sent: answers come in that order.
        var requests: [Int] = []
        /// Bytes asked for and not yet arrived.
        var outstanding = 0
        /// Bytes of cancelled answers that may come before those.
        var draining = 0
        var meter: RateMeter
        var delay: Double?
        var idleSince = 0.0
        /// Gets no more work, and is closed when it has done what it has.
        var isRetiring = false
        /// It has been asked for something.
        var wasAsked = false
        /// It has answered something well.
        var hasServed = false
        /// When the last chunk or other good answer came.
        var lastChunkAt = -Double.infinity
        /// The last sign of life: an answer or a part of one, or the first request after a time with none.
        var silentSince = 0.0
        var hunger = Hunger.none
        var lastFeeding = 0

        /// How long from now until `length` bytes more will have come, at a given rate.
        func wait(for length: Int, rate: Double) -> Double {
            let first = requests.isEmpty ? delay ?? 0 : 0
            return first + Double(outstanding + draining + length) / max(rate, 1e-3)
        }
    }

    /// What a connection with room to spare lacks.
    enum Hunger: Sendable {
        case none, memory, work
    }

    struct Request: Sendable {
        let connection: Int
        /// Not yet verified.
        var chunks: Range<Int>
        /// Their bytes together.
        var bytes: Int
        /// Of those, how many have arrived.
        var arrived = 0
        let sentAt: Double
        /// The connection was idle, so that the time to the first byte is the delay.
        let measuresDelay: Bool
        var awaitsFirstByte = true
        /// The last chunks were won by another source: the answer is longer than what is still wanted.
        var isShortened = false

        var left: Int { bytes - arrived }
    }

    /// A further connection on trial.
    struct Trial: Sendable {
        let connection: Int
        let totalBefore: Double
        /// What one connection of the source gave before.
        let share: Double
        var connectedAt: Double?
    }
}
