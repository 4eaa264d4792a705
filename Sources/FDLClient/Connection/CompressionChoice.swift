import FDLCompression
import FDLCore

/// Decides for one connection whether the next chunk is asked for compressed.
///
/// Compression helps if the network is the slow part. zlib inflates some hundred MB a second and a worker deflates a
/// few tens, so compression only slows down a connection that may bring more than `fastBytesPerSecond`. How fast it is
/// shows in how a body arrives once it has begun: what passes before may be the time that a worker takes to compress.
/// If a worker keeps sending chunks plain although it might compress them, they do not shrink, and the next ones are
/// asked for plain for a while.
struct CompressionChoice {
    static let fastBytesPerSecond = 16.0 * 1024 * 1024
    private static let plainAnswersBeforePause = 3
    /// In chunks.
    private static let pauseLength = 32
    /// In bytes. A plain body of so much that one read brings whole comes over a fast network.
    private static let muchAtOnce = 16 << 10
    /// After so many compressed bodies that came whole with one read each, a plain one shows how fast the network is;
    /// after twice as many the next time.
    private static let firstPatience = 8

    private let mode: DownloadRequest.Compression
    /// Of the last bodies, the older the less: bytes, and the seconds in which they arrived.
    private var measured = (bytes: 0.0, seconds: 0.0)
    private var unmeasured = 0
    private var patience = Self.firstPatience
    private var plainAnswers = 0
    private var pause = 0

    init(mode: DownloadRequest.Compression) {
        self.mode = mode
    }

    /// How the body of a response came over the network.
    struct Arrival {
        /// In bytes.
        let length: Int
        /// Those after the first read, in bytes.
        let later: Int
        /// From the first read to the end.
        let time: Duration
    }

    mutating func nextIsCompressed() -> Bool {
        switch mode {
        case .never: return false
        case .always: return true
        case .auto: break
        }
        guard isSlow else { return false }
        guard unmeasured < patience else {
            unmeasured = 0
            patience *= 2
            return false
        }
        guard pause == 0 else {
            pause -= 1
            return false
        }
        return true
    }

    /// Until a plain body has shown how fast the network is, it is taken for fast.
    private var isSlow: Bool { measured.bytes < measured.seconds * Self.fastBytesPerSecond }

    /// Takes into account a complete response.
    /// - Parameters:
    ///   - wasAsked: whether the request allowed compression.
    ///   - encoding: how the body was compressed; nil if it was plain.
    mutating func observe(_ arrival: Arrival, wasAsked: Bool, encoding: ContentEncoding?) {
        if arrival.later > 0 {
            measure(bytes: arrival.later, seconds: arrival.time / .seconds(1))
        } else if encoding == nil, arrival.length >= Self.muchAtOnce {
            measure(bytes: arrival.length, seconds: 0)
        } else if encoding != nil {
            unmeasured += 1
        }
        guard wasAsked else { return }
        plainAnswers = encoding == nil ? plainAnswers + 1 : 0
        if plainAnswers >= Self.plainAnswersBeforePause {
            plainAnswers = 0
            pause = Self.pauseLength
        }
    }

    private mutating func measure(bytes: Int, seconds: Double) {
        unmeasured = 0
        measured.bytes = 0.75 * measured.bytes + Double(bytes)
        measured.seconds = 0.75 * measured.seconds + seconds
    }
}
