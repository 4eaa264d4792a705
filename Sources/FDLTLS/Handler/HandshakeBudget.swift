/// How much of an event loop's time handshakes may take: half of it, while its other connections have something to do.
///
/// What others take, or nobody, is saved for handshakes one to one, up to `most`. A single handshake cannot be
/// interrupted; what it takes beyond the savings is a debt, and the next one waits until that is saved again. Where
/// nothing else was to be done meanwhile, debts are forgiven: handshakes alone have the loop for themselves.
///
/// A value that is told the time, in nanoseconds.
struct HandshakeBudget: Equatable {
    /// The most that is saved, and so the longest that others wait for handshakes, but for the last one's length.
    static let most: Int64 = 4_000_000

    /// The largest debt that is kept.
    private static let leastSavings: Int64 = -10_000_000_000

    private(set) var savings = Self.most
    private var settled: UInt64

    init(now: UInt64) {
        settled = now
    }

    /// Whether a handshake may begin or go on.
    mutating func allows(now: UInt64) -> Bool {
        save(until: now)
        return savings > 0
    }

    /// Counts the time that a handshake took.
    mutating func spend(from start: UInt64, to end: UInt64) {
        save(until: start)
        savings = max(Self.leastSavings, savings - min(-Self.leastSavings, Int64(clamping: end - min(start, end))))
        settled = max(settled, end)
    }

    /// Called if the loop had nothing else to do while handshakes waited.
    mutating func forgive() { savings = Self.most }

    private mutating func save(until now: UInt64) {
        guard now > settled else { return }
        savings += min(Self.most - savings, Int64(clamping: now - settled))
        settled = now
    }
}
