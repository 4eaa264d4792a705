import FDLCompression
import FDLCore

/// Decides for one connection whether the next chunk is asked for compressed.
///
/// What counts is how fast the chunks' own bytes come, in either way: that depends on the network, on how far they
/// shrink, on how fast the source compresses and how fast this machine inflates. Nothing being known, chunks are asked
/// for compressed, so that little ones over a slow network gain too. How fast plain ones would come is guessed then from
/// how fast the body came, and measured if that seems worth it. Now and then the other way is tried again, which may cost
/// a fiftieth of the time, and less and less while it does not pay. If a source keeps sending chunks plain although it
/// might compress them, they do not shrink, and the next ones are asked for plain for a while.
struct CompressionChoice {
    private static let plainAnswersBeforePause = 3
    /// In chunks.
    private static let pauseLength = 32
    /// Trying plain ones for the first time may take one part in so many of the time, …
    private static let firstCaution = 4.0
    /// … trying the other way again one in so many, …
    private static let leastCaution = 50.0
    /// … and in so many at last, since it also costs the source.
    private static let mostCaution = 6_400.0

    private let mode: DownloadRequest.Compression
    /// Bytes of chunks a second, by how they came; nil until it is measured.
    private var packed: Double?
    private var plain: Double?
    /// How fast plain ones may come: as fast as the last compressed body did.
    private var line: Double?
    /// Seconds of answers since the other way was tried.
    private var sinceTrial = 0.0
    private var caution = Self.leastCaution
    private var chunkBytes = 0.0
    private var plainAnswers = 0
    private var pause = 0

    init(mode: DownloadRequest.Compression) {
        self.mode = mode
    }

    mutating func nextIsCompressed() -> Bool {
        switch mode {
        case .never: return false
        case .always: return true
        case .auto:
            guard pause == 0 else {
                pause -= 1
                return false
            }
            guard let better else { return true }
            guard isTrialDue(besides: better) else { return better == .packed }
            sinceTrial = 0
            if plain != nil { caution = min(2 * caution, Self.mostCaution) }
            return better != .packed
        }
    }

    private enum Way { case packed, plain }

    /// nil while nothing is known of compressed ones.
    private var better: Way? {
        guard let packed else { return nil }
        return packed >= plain ?? line ?? 0 ? .packed : .plain
    }

    /// Whether what a chunk more would take in the other way is little beside the time since that was tried.
    private func isTrialDue(besides better: Way) -> Bool {
        guard let packed, let other = plain ?? line, packed > 0, other > 0 else { return false }
        // What is only guessed is measured first.
        guard plain != nil || better == .packed else { return false }
        let cost = chunkBytes * abs(1 / packed - 1 / other)
        return sinceTrial > (plain == nil ? Self.firstCaution : caution) * cost
    }

    /// Takes into account a complete response.
    /// - Parameters:
    ///   - chunk: how many bytes of chunks it had.
    ///   - body: the length of the body as it came over the network.
    ///   - time: how long the response took.
    ///   - bodyTime: how long its body took.
    ///   - wasAsked: whether the request allowed compression.
    ///   - encoding: how the body was compressed; nil if it was plain.
    mutating func observe(
        chunk: Int,
        body: Int,
        in time: Duration,
        bodyTime: Duration,
        wasAsked: Bool,
        encoding: ContentEncoding?
    ) {
        let seconds = time / .seconds(1)
        if seconds > 0, chunk > 0 {
            let before = better
            chunkBytes = Double(chunk)
            sinceTrial += seconds
            let rate = Double(chunk) / seconds
            if encoding == nil {
                plain = plain.map { 0.75 * $0 + 0.25 * rate } ?? rate
            } else {
                packed = packed.map { 0.75 * $0 + 0.25 * rate } ?? rate
                line = Double(body) / max(bodyTime / .seconds(1), 1e-6)
            }
            if before != better { caution = Self.leastCaution }
        }
        guard wasAsked else { return }
        plainAnswers = encoding == nil ? plainAnswers + 1 : 0
        if plainAnswers >= Self.plainAnswersBeforePause {
            plainAnswers = 0
            pause = Self.pauseLength
        }
    }
}
