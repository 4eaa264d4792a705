/// A rate over the last seconds, by the time that has really passed: it does not matter how often it is told.
struct RateWindow: Sendable {
    private struct Mark {
        let time: Duration
        let bytes: Int64
    }

    /// How far back it looks.
    private static let span = Duration.seconds(5)
    /// Marks nearer to each other than this are one.
    private static let step = Duration.milliseconds(100)
    /// No rate is made of less time.
    private static let least = Duration.milliseconds(500)

    private var marks: [Mark] = []
    private var last: Mark?

    /// - Parameters:
    ///   - bytes: all so far; a number lower than before begins a new count.
    ///   - time: on a clock that never goes back.
    mutating func note(_ bytes: Int64, at time: Duration) {
        if let last, bytes < last.bytes { marks = [] }
        last = Mark(time: time, bytes: bytes)
        if let newest = marks.last, time - newest.time < Self.step { return }
        marks.append(Mark(time: time, bytes: bytes))
        // One mark before the span stays, so that the rate is over all of it.
        while marks.count > 2, time - marks[1].time >= Self.span { marks.removeFirst() }
    }

    /// Bytes a second; nil as long as too little is known, or nothing at all has come.
    func rate(at time: Duration) -> Double? {
        guard let first = marks.first, let last else { return nil }
        let passed = time - first.time
        guard passed >= Self.least else { return nil }
        guard last.bytes > first.bytes else { return passed >= Self.span ? 0 : nil }
        return Double(last.bytes - first.bytes) / (passed / .seconds(1))
    }
}
