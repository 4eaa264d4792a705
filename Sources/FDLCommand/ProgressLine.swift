import Synchronization

/// A line on the terminal that shows progress, once a second has passed.
package final class ProgressLine: Sendable {
    private struct State {
        var shown: ContinuousClock.Instant?
        /// When the rate was last measured, and how many bytes were done then.
        var mark: (time: ContinuousClock.Instant, done: Int64)?
        /// In bytes a second.
        var rate: Int64?
    }

    private let isShown: Bool
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// - Parameter isShown: false if there is no terminal: then nothing is ever written.
    package init(isShown: Bool) {
        self.isShown = isShown
    }

    /// Shows the progress, in bytes, at most ten times a second. May be called on any thread.
    package func report(done: Int64, total: Int64) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let text: String? = state.withLock { state in
            Self.measure(&state, done, now)
            guard now - start >= .seconds(1) else { return nil }
            if let shown = state.shown, now - shown < .milliseconds(100) { return nil }
            state.shown = now
            let percent = total > 0 ? Int(Double(done) / Double(total) * 100) : 100
            let rate = state.rate.map { ", \(ByteCount.text($0))/s" } ?? ""
            return "\r\(percent) %, \(ByteCount.text(done)) of \(ByteCount.text(total))\(rate)\u{1b}[K"
        }
        if let text { StandardStream.error.write(text) }
    }

    /// Measures the rate about once a second. The first call only sets the mark: the bytes done by then may have been
    /// there at the start.
    private static func measure(_ state: inout State, _ done: Int64, _ now: ContinuousClock.Instant) {
        guard let mark = state.mark else {
            state.mark = (now, done)
            return
        }
        let seconds = Double((now - mark.time) / .milliseconds(1)) / 1000
        guard seconds >= 0.9 else { return }
        state.rate = Int64(Double(max(0, done - mark.done)) / seconds)
        state.mark = (now, done)
    }

    /// Wipes the line, if there is one.
    package func end() {
        if state.withLock({ $0.shown.take() }) != nil { Self.wipe() }
    }

    /// Wipes the terminal's current line.
    static func wipe() { StandardStream.error.write("\r\u{1b}[K") }
}
