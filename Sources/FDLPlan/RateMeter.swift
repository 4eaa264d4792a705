/// How fast bytes arrive on one connection while something is outstanding on it.
///
/// The time from a request on an idle connection to its first byte is delay, not rate, and is left out; idle time is
/// left out too. Samples are averaged with a time constant of half a second.
struct RateMeter: Sendable {
    /// Bytes a second; nil until measured.
    private(set) var rate: Double?

    // Where the sample being taken began, and what has arrived since.
    private var since = 0.0
    private var bytes = 0.0
    // Where this busy period began, and what has arrived in it.
    private var busySince = 0.0
    private var busyBytes = 0.0
    private var awaitsFirstByte = true

    private static let firstSample = 0.02
    private static let laterSample = 0.1
    private static let timeConstant = 0.5

    /// A source known from another connection starts with that one's rate.
    init(expected rate: Double? = nil) { self.rate = rate }

    /// The connection was idle and is asked for something.
    mutating func begin(at now: Double) {
        since = now
        busySince = now
        bytes = 0
        busyBytes = 0
        awaitsFirstByte = true
    }

    /// From here on time counts as rate.
    mutating func firstByte(at now: Double) {
        guard awaitsFirstByte else { return }
        awaitsFirstByte = false
        since = now
    }

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

    /// Nothing is outstanding any more. A busy period too short for a sample gives a low estimate, its delay counted
    /// in: better than none.
    mutating func end(at now: Double) {
        if rate == nil, busyBytes > 0, now > busySince { rate = busyBytes / (now - busySince) }
    }

    /// The rate with the silence since the last sample counted in: what a source that has stalled is worth now.
    func current(at now: Double) -> Double? {
        let elapsed = now - since
        guard elapsed > 1 else { return rate }
        let sample = bytes / elapsed
        // An answer that has only begun has shown its delay, and no rate yet.
        guard let rate else { return bytes > 0 ? sample : nil }
        let trust = Self.timeConstant / elapsed
        return min(rate, sample + rate * trust * trust)
    }
}
