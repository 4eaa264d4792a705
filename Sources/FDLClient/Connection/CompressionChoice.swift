import FDLCompression
import FDLCore

/// Decides for one connection whether the next chunk is asked for compressed.
///
/// Compression helps if the network is the slow part. zlib inflates some hundred MB a second and a worker deflates a
/// few tens, so compression only slows down a connection that already brings more than `fastBytesPerSecond`. If a
/// worker keeps sending chunks plain although it might compress them, they do not shrink, and the next ones are asked
/// for plain for a while.
struct CompressionChoice {
    static let fastBytesPerSecond = 16.0 * 1024 * 1024
    private static let plainAnswersBeforePause = 3
    /// In chunks.
    private static let pauseLength = 32

    private let mode: DownloadRequest.Compression
    private var bytesPerSecond: Double?
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
            guard let bytesPerSecond, bytesPerSecond < Self.fastBytesPerSecond else { return false }
            guard pause == 0 else {
                pause -= 1
                return false
            }
            return true
        }
    }

    /// Takes into account a complete response.
    /// - Parameters:
    ///   - bytes: the length of the body as it came over the network.
    ///   - time: how long the response took.
    ///   - wasAsked: whether the request allowed compression.
    ///   - encoding: how the body was compressed; nil if it was plain.
    mutating func observe(bytes: Int, in time: Duration, wasAsked: Bool, encoding: ContentEncoding?) {
        let seconds = time / .seconds(1)
        if seconds > 0 {
            let rate = Double(bytes) / seconds
            bytesPerSecond = bytesPerSecond.map { 0.75 * $0 + 0.25 * rate } ?? rate
        }
        guard wasAsked else { return }
        plainAnswers = encoding == nil ? plainAnswers + 1 : 0
        if plainAnswers >= Self.plainAnswersBeforePause {
            plainAnswers = 0
            pause = Self.pauseLength
        }
    }
}
