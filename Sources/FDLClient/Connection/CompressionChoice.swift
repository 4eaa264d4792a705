import FDLCore

/// Decides for one source whether the next chunk is asked for compressed.
///
/// Compression helps if the network is the slow part: a worker deflates some tens of MB a second, and zlib inflates some
/// hundred. So over a slow network chunks are asked for compressed; over a fast one, where plain bytes come faster than
/// zlib gives them, never; and between, one is tried now and then, and they are asked for as long as they come faster
/// than plain ones would. How fast the network is shows in how a body arrives once it has begun: what passes before may
/// be the time that a source takes to compress. If a source keeps sending chunks plain although it might compress them,
/// they do not shrink, and the next ones are asked for plain for a while.
struct CompressionChoice {
    /// Below this a network is slow.
    static let slowBytesPerSecond = 16.0 * 1024 * 1024
    /// From this on a network is fast.
    static let fastBytesPerSecond = 128.0 * 1024 * 1024
    private static let plainAnswersBeforePause = 3
    /// In chunks.
    private static let pauseLength = 32
    /// In bytes. A plain body of so much that one read brings whole comes over a fast network.
    private static let muchAtOnce = 16 << 10
    /// After so many compressed bodies that do not show how fast the network is, plain ones show it; after twice as many
    /// the next time, unless it has become far faster.
    private static let firstPatience = 32
    /// So many plain ones are asked for then: of two connections each gets two in a row.
    private static let shownBodies = 4
    /// In chunks: between a network being known to be neither slow nor fast and the first that is tried compressed. It is
    /// twice as many each time that it does not help, …
    private static let firstInterval = 2
    /// … and so many at last.
    private static let longestInterval = 1024
    /// So many compressed bodies tell that they do not come faster than plain ones any more.
    private static let judgedBodies = 4

    private enum Speed { case unknown, slow, between, fast }

    /// Whether compressed chunks come faster than plain ones.
    private enum Gain {
        /// So many more are asked for plain before one is tried.
        case unknown(Int)
        /// One has been asked for compressed; so many more are asked for plain before another one is.
        case tried(Int)
        /// They do, by so many bodies.
        case shown(bodies: Int)
    }

    private let mode: DownloadRequest.Compression
    /// By the user's will, whatever the network is like.
    private let isLimitedToSlow: Bool
    /// How fast plain bodies come over the network; slow networks are measured by compressed ones too.
    private var network = Pace()
    /// How fast compressed chunks come, by the slowest that they go through.
    private var inflated = Pace()
    private var gain = Gain.unknown(firstInterval)
    private var interval = firstInterval
    private var unmeasured = 0
    private var patience = firstPatience
    private var plainAnswers = 0
    private var pause = 0

    /// - Parameter rateLimit: of the download, in bytes a second.
    init(mode: DownloadRequest.Compression, rateLimit: Int64? = nil) {
        self.mode = mode
        isLimitedToSlow = rateLimit.map { Double($0) < Self.slowBytesPerSecond } ?? false
    }

    /// How a source has sent a chunk.
    enum Form: Equatable {
        case plain
        /// By its own word it has taken so long to compress it.
        case compressed(in: Duration)
    }

    /// How the body of a response came over the network.
    struct Arrival {
        /// In bytes.
        let length: Int
        /// Those after the first read, in bytes.
        let later: Int
        /// From when the source could have begun to when it did.
        let wait: Duration
        /// From the first read to the end.
        let time: Duration
        /// What of it was spent on decompressing.
        let inflating: Duration
        /// Whether it comes on its connection behind a compressed one. Much of it may have come while that one was
        /// decompressed.
        let isBehindCompressed: Bool
    }

    mutating func nextIsCompressed() -> Bool {
        switch mode {
        case .never: return false
        case .always: return true
        case .auto: break
        }
        let speed = speed
        guard speed == .slow || speed == .between else { return false }
        if unmeasured >= patience, !isLimitedToSlow {
            unmeasured = 0
            patience *= 2
            pause = max(pause, Self.shownBodies)
        }
        guard pause == 0 else {
            pause -= 1
            return false
        }
        return speed == .slow || isGainOrTrial()
    }

    private var speed: Speed {
        guard !isLimitedToSlow else { return .slow }
        guard let rate = network.bytesPerSecond else { return .unknown }
        return rate < Self.slowBytesPerSecond ? .slow : rate < Self.fastBytesPerSecond ? .between : .fast
    }

    private mutating func isGainOrTrial() -> Bool {
        switch gain {
        case .shown: return true
        case .unknown(0), .tried(0):
            gain = .tried(longerInterval())
            return true
        case .unknown(let left):
            gain = .unknown(left - 1)
            return false
        case .tried(let left):
            gain = .tried(left - 1)
            return false
        }
    }

    private mutating func longerInterval() -> Int {
        interval = min(2 * interval, Self.longestInterval)
        return interval
    }

    /// Takes into account a complete response.
    /// - Parameters:
    ///   - chunk: its length in bytes.
    ///   - wasAsked: whether the request allowed compression.
    ///   - processors: how many could decompress what comes on one connection, if it came on several.
    mutating func observe(
        _ arrival: Arrival,
        of chunk: Int,
        wasAsked: Bool,
        as form: Form,
        processors: Double
    ) {
        if form == .plain {
            if !arrival.isBehindCompressed { measurePlain(arrival) }
        } else if arrival.later > 0, speed != .between {
            measure(arrival.later, in: arrival.time)
        } else {
            unmeasured += 1
        }
        guard wasAsked else { return }
        if speed == .between, case .compressed(let took) = form {
            judge(arrival, of: chunk, compressedIn: took, processors)
        }
        plainAnswers = form == .plain ? plainAnswers + 1 : 0
        if plainAnswers >= Self.plainAnswersBeforePause {
            plainAnswers = 0
            pause = Self.pauseLength
        }
    }

    private mutating func measurePlain(_ arrival: Arrival) {
        if arrival.later > 0 {
            measure(arrival.later, in: arrival.time)
        } else if arrival.length >= Self.muchAtOnce {
            measure(arrival.length, in: .zero)
        }
    }

    private mutating func measure(_ bytes: Int, in time: Duration) {
        unmeasured = 0
        if let known = network.bytesPerSecond, Double(bytes) > 2 * known * (time / .seconds(1)) {
            patience = Self.firstPatience
        }
        network.add(bytes, in: time)
    }

    /// - Parameter took: how long the source says that it has compressed, which need not show: it may have sent meanwhile
    ///   what it had to send before.
    private mutating func judge(_ arrival: Arrival, of chunk: Int, compressedIn took: Duration, _ processors: Double) {
        if case .tried = gain { inflated = Pace() }
        guard let plain = network.bytesPerSecond else { return }
        let onTheWay = Duration.seconds(1) * (Double(arrival.length) / plain)
        inflated.add(chunk, in: max(arrival.wait, took) + max(arrival.inflating / processors, onTheWay))
        let isFaster = inflated.bytesPerSecond ?? 0 >= plain
        switch gain {
        // What was asked for before it was known not to help.
        case .unknown: break
        case .tried(let left): gain = isFaster ? .shown(bodies: 1) : .unknown(left)
        case .shown(let bodies):
            gain = isFaster || bodies < Self.judgedBodies ? .shown(bodies: bodies + 1) : .unknown(longerInterval())
        }
    }

    /// A mean, in which what is older counts less.
    private struct Pace {
        private var bytes = 0.0
        private var seconds = 0.0

        /// Infinite where everything came at once; nil until something is added.
        var bytesPerSecond: Double? { bytes == 0 ? nil : bytes / seconds }

        mutating func add(_ bytes: Int, in time: Duration) {
            self.bytes = 0.75 * self.bytes + Double(bytes)
            seconds = 0.75 * seconds + time / .seconds(1)
        }
    }
}
