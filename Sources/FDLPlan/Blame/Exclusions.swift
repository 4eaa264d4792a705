/// Which sources failed on which chunks for a passing reason, and until when they are not asked for them again. Times
/// are in seconds.
struct Exclusions: Sendable {
    /// In the order in which they were added.
    private(set) var entries: [Exclusion] = []
    // How often each unverified chunk has failed, by chunk.
    private var failures: [Int: Int] = [:]
    private let backoff: Backoff

    struct Exclusion: Sendable, Equatable {
        let chunk: Int
        let source: Int
        private(set) var until: Double
        fileprivate let delay: Double
        private var postponements = 0

        fileprivate init(chunk: Int, source: Int, delay: Double, at now: Double) {
            self.chunk = chunk
            self.source = source
            self.delay = delay
            until = now + delay
        }

        /// Whether it may be extended once more in favour of another source.
        var canBePostponed: Bool { postponements < 3 }

        /// Extends the exclusion by its original length from now.
        mutating func postpone(at now: Double) {
            until = now + delay
            postponements += 1
        }
    }

    init(backoff: Backoff) { self.backoff = backoff }

    var isEmpty: Bool { entries.isEmpty }

    /// Excludes a chunk that has failed on a source. The more often the chunk has failed, on any source, the longer the
    /// exclusion lasts.
    /// - Returns: when it runs out.
    mutating func add(_ chunk: Int, of source: Int, at now: Double, using generator: inout SplitMix64) -> Double {
        let count = (failures[chunk] ?? 0) + 1
        failures[chunk] = count
        let delay = backoff.delay(failures: count, using: &generator)
        let exclusion = Exclusion(chunk: chunk, source: source, delay: delay, at: now)
        entries.append(exclusion)
        return exclusion.until
    }

    /// Puts back an exclusion that `takeAll` has returned.
    mutating func keep(_ exclusion: Exclusion) { entries.append(exclusion) }

    /// Removes and returns all exclusions; put back those that go on with `keep`.
    mutating func takeAll() -> [Exclusion] {
        let taken = entries
        entries = []
        return taken
    }

    /// Removes the exclusion of a chunk that is now excluded from a source for good.
    mutating func remove(_ chunk: Int, of source: Int) {
        entries.removeAll { $0.chunk == chunk && $0.source == source }
    }

    /// Removes the exclusions of a source that is put aside.
    mutating func remove(of source: Int) { entries.removeAll { $0.source == source } }

    /// Forgets how often a chunk has failed, because it is verified now.
    mutating func forgetFailures(of chunk: Int) {
        if !failures.isEmpty { failures[chunk] = nil }
    }
}
