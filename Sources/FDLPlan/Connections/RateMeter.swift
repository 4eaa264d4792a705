/// Measures how fast bytes arrive on one connection while requests are outstanding on it. Times are in seconds.
///
/// Idle time does not count, nor does the time from a request on an idle connection to its first byte, which is delay.
/// Samples are averaged with a time constant of half a second.
struct RateMeter: Sendable {
    /// In bytes a second; nil until it is measured.
    private(set) var rate: Double?

    // When the current sample began, and how many bytes have arrived since.
    private var since = 0.0
    private var bytes = 0.0
    // When the current busy period began, and how many bytes have arrived in it.
    private var busySince = 0.0
    private var busyBytes = 0.0
    private var awaitsFirstByte = true

    private static let firstSample = 0.02
    private static let laterSample = 0.1
    private static let timeConstant = 0.5

    /// - Parameter rate: the rate to begin with, from an earlier connection to the same source; nil if there was none.
    init(expected rate: Double? = nil) { self.rate = rate }

    /// Begins a busy period: a request is sent on the idle connection.
    mutating func begin(at now: Double) {
        since = now
        busySince = now
        bytes = 0
        busyBytes = 0
        awaitsFirstByte = true
    }

    /// Begins the first sample: the delay is over.
    mutating func firstByte(at now: Double) {
        guard awaitsFirstByte else { return }
        awaitsFirstByte = false
        since = now
    }

    /// Counts bytes that have arrived.
    mutating func add(_ count: Int, at now: Double) {
        busyBytes += Double(count)
        guard !awaitsFirstByte else { return firstByte(at: now) }
        bytes += Double(count)
        let elapsed = now - since
        guard elapsed >= (rate == nil ? Self.firstSample : Self.laterSample) else { return }
        let sample = bytes / elapsed
        let weight = rate == nil ? 1 : elapsed / (elapsed + Self.timeConstant)
        rate = (rate ?? 0) * (1 - weight) + sample * weight
        since = now
        bytes = 0
    }

    /// Ends a busy period: nothing is outstanding any more. If it was too short for a sample, the rate is estimated
    /// from the whole period. That is too low, because it includes the delay, but better than nothing.
    mutating func end(at now: Double) {
        if rate == nil, busyBytes > 0, now > busySince { rate = busyBytes / (now - busySince) }
    }

    /// The rate, reduced by the silence since the last sample: what to expect now of a connection that has stalled.
    func current(at now: Double) -> Double? {
        let elapsed = now - since
        guard elapsed > 1 else { return rate }
        let sample = bytes / elapsed
        // Without a measured rate, an answer that has only begun shows no rate yet.
        guard let rate else { return bytes > 0 ? sample : nil }
        let trust = Self.timeConstant / elapsed
        return min(rate, sample + rate * trust * trust)
    }
}
