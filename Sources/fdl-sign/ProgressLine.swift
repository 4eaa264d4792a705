import FDLCommand
import Synchronization

/// One line on the terminal that says how far the hashing is; not there before a second has passed.
final class ProgressLine: Sendable {
    private let isShown: Bool
    private let start = ContinuousClock.now
    private let lastShown = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameter isShown: false where there is no terminal: then nothing is ever written.
    init(isShown: Bool) {
        self.isShown = isShown
    }

    /// Called by all workers. Shows at most ten lines a second.
    func report(done: Int64, total: Int64) {
        let now = ContinuousClock.now
        guard isShown, now - start >= .seconds(1) else { return }
        let text: String? = lastShown.withLock { last in
            if let last, now - last < .milliseconds(100) { return nil }
            last = now
            let percent = total > 0 ? Int(Double(done) / Double(total) * 100) : 100
            let seconds = Double((now - start) / .milliseconds(1)) / 1000
            return "\r\(percent) %, \(ByteCount.text(done)) of \(ByteCount.text(total)), "
                + "\(ByteCount.text(Int64(Double(done) / seconds)))/s\u{1b}[K"
        }
        if let text { StandardStream.error.write(text) }
    }

    /// Wipes the line, where there is one.
    func end() {
        if lastShown.withLock({ $0.take() }) != nil { StandardStream.error.write("\r\u{1b}[K") }
    }
}
