/// Which places of the ranking each source is believed to hold.
///
/// A publisher may have placed each chunk on its first few sources alone. A source that lacks a chunk it ranks r-th for
/// is then taken to lack all that it ranks r-th for or lower, until it shows otherwise: now and then it is probed.
struct Holdings: Sendable {
    private struct Belief: Sendable {
        /// It is taken to lack chunks from this place on.
        var end = Int.max
        /// In seconds: not probed before this time …
        var probedAfter = -Double.infinity
        /// … and after that not for this long.
        var pause = Holdings.firstPause
    }

    private static let firstPause = 0.5
    private static let longestPause = 16.0

    private var beliefs: [Belief]
    /// In seconds, as last told.
    private var now = -Double.infinity
    /// Whether every source is taken to hold everything.
    private(set) var areComplete = true

    init(sourceCount: Int) { beliefs = Array(repeating: Belief(), count: sourceCount) }

    /// From which place on a source is taken to lack chunks.
    func end(of source: Int) -> Int { beliefs[source].end }

    func mayBeProbed(_ source: Int) -> Bool { beliefs[source].probedAfter <= now }

    mutating func advance(to now: Double) { self.now = now }

    /// A source lacks a chunk that it ranks so for.
    /// - Returns: whether that is news.
    mutating func lacks(_ source: Int, place: Int) -> Bool {
        guard place < beliefs[source].end else { return false }
        areComplete = false
        beliefs[source].end = place
        beliefs[source].probedAfter = now + beliefs[source].pause
        return true
    }

    /// A source is asked for a chunk that it is taken to lack.
    mutating func isProbed(_ source: Int) {
        beliefs[source].probedAfter = now + beliefs[source].pause
        beliefs[source].pause = min(2 * beliefs[source].pause, Self.longestPause)
    }

    /// A source has given a chunk that it ranks so for.
    /// - Returns: whether it was taken to lack it.
    mutating func gave(_ source: Int, place: Int) -> Bool {
        guard place >= beliefs[source].end else { return false }
        beliefs[source].end = place + 1
        beliefs[source].probedAfter = now
        beliefs[source].pause = Self.firstPause
        return true
    }
}
