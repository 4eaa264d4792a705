import NIOCore

/// When the next bytes may be sent so that a rate is kept. Each piece books its time on the line; the next begins where
/// it ends. A value that is told the time.
struct RatePacer {
    /// In bytes a second; nil for as fast as it goes.
    var rate: Int64?
    private var free = NIODeadline.distantPast

    /// How much time that was not used may be made up for.
    static let burst = TimeAmount.milliseconds(100)

    init(rate: Int64? = nil) {
        self.rate = rate
    }

    /// Books the time for a piece.
    /// - Returns: how long its sender has to wait before it sends it.
    mutating func book(_ bytes: Int, now: NIODeadline) -> TimeAmount {
        guard let rate, rate > 0 else { return .zero }
        let start = max(free, now - Self.burst)
        free = start + .nanoseconds(Int64(Double(bytes) / Double(rate) * 1e9))
        return max(.zero, start - now)
    }

    /// The pieces in which to send at a rate: ten a second, neither tiny nor larger than others.
    static func pieceBytes(rate: Int64?, atMost most: Int) -> Int {
        guard let rate else { return most }
        return Int(min(Int64(most), max(4096, rate / 10)))
    }
}
