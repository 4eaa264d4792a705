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
        if let text { Terminal.writeError(text) }
    }

    /// Wipes the line, where there is one.
    func end() {
        if lastShown.withLock({ $0.take() }) != nil { Terminal.writeError("\r\u{1b}[K") }
    }
}

/// Sizes for people.
enum ByteCount {
    /// With a binary unit and at most one decimal.
    static func text(_ bytes: Int64) -> String {
        var value = Double(bytes)
        for unit in ["bytes", "KiB", "MiB", "GiB"] {
            guard value >= 1024 else { return "\(short(value)) \(unit)" }
            value /= 1024
        }
        return "\(short(value)) TiB"
    }

    private static func short(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
