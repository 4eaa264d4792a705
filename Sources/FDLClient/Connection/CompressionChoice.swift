import FDLCompression
import FDLCore

/// Decides for one connection whether the next chunk is asked for compressed.
///
/// Decoding pays where the network is the slow part. zlib inflates some hundred MB a second and a worker deflates some
/// tens, so a connection that already brings more than `fastBytesPerSecond` is only slowed down by it. Data that a
/// worker has found not to shrink (it answers plain) is asked for plain for a while.
struct CompressionChoice {
    static let fastBytesPerSecond = 16.0 * 1024 * 1024
    private static let plainAnswersBeforePause = 3
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

    /// Takes what an answer showed.
    /// - Parameters:
    ///   - bytes: of the body as it came over the network.
    ///   - wasAsked: whether the request allowed compression.
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
