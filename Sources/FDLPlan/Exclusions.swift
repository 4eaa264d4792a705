/// The chunks that failed on a source for a passing reason, and until when they are not asked of it again.
struct Exclusions: Sendable {
    /// In the order made.
    private(set) var entries: [Exclusion] = []
    // How often a chunk has failed, for those that have and are not verified yet.
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

        /// Whether another source may still be given precedence once more.
        var canBePostponed: Bool { postponements < 3 }

        /// Makes it last as long again.
        mutating func postpone(at now: Double) {
            until = now + delay
            postponements += 1
        }
    }

    init(backoff: Backoff) { self.backoff = backoff }

    var isEmpty: Bool { entries.isEmpty }

    /// A chunk has failed on a source: the oftener it has failed, on any source, the longer that one is not asked.
    /// - Returns: until when.
    mutating func add(_ chunk: Int, of source: Int, at now: Double, using generator: inout SplitMix64) -> Double {
        let count = (failures[chunk] ?? 0) + 1
        failures[chunk] = count
        let delay = backoff.delay(failures: count, using: &generator)
        let exclusion = Exclusion(chunk: chunk, source: source, delay: delay, at: now)
        entries.append(exclusion)
        return exclusion.until
    }

    /// Keeps one that has been taken.
    mutating func keep(_ exclusion: Exclusion) { entries.append(exclusion) }

    /// Empties it, for those to be kept that have not run out.
    mutating func takeAll() -> [Exclusion] {
        let taken = entries
        entries = []
        return taken
    }

    /// A chunk is excluded from a source for good now.
    mutating func remove(_ chunk: Int, of source: Int) {
        entries.removeAll { $0.chunk == chunk && $0.source == source }
    }

    /// A source is put aside.
    mutating func remove(of source: Int) { entries.removeAll { $0.source == source } }

    /// A chunk is there: how often it failed is of no use any more.
    mutating func forgetFailures(of chunk: Int) {
        if !failures.isEmpty { failures[chunk] = nil }
    }
}
