import FDLCore

/// The pending chunks by the source that each one belongs to, its owner, and by the source that it belongs to next.
struct OwnedChunks: Sendable {
    // By chunk, for pending ones; `none` for all others.
    private var owners: [UInt16]
    private var seconds: [UInt16]
    private var sets: [Sets]
    private let bound: Int
    /// Grows whenever a chunk gets an owner.
    private(set) var generation = 0

    private struct Sets: Sendable {
        var count = 0
        // Made when they are needed.
        var common: LayeredSet?
        /// Those that some source may not be asked for: they go first.
        var rare: LayeredSet?
        /// Those of others that belong to this source next.
        var second: LayeredSet?
    }

    private static let none = UInt16.max

    init(bound: Int, sourceCount: Int) {
        self.bound = bound
        owners = Array(repeating: Self.none, count: bound)
        seconds = owners
        sets = Array(repeating: Sets(), count: sourceCount)
    }

    func owner(of chunk: Int) -> Int? { owners[chunk] == Self.none ? nil : Int(owners[chunk]) }

    /// How many chunks a source owns.
    func count(of source: Int) -> Int { sets[source].count }

    /// The lowest chunk that a source owns; one that is rare goes before all others.
    func first(of source: Int) -> Int? {
        guard sets[source].count > 0 else { return nil }
        return sets[source].rare?.first ?? sets[source].common?.first
    }

    /// The last chunk that belongs to a source next.
    func lastAsSecond(of source: Int) -> Int? { sets[source].second?.last }

    /// `chunk` must have no owner.
    mutating func insert(_ chunk: Int, owner: Int, second: Int?, isRare: Bool) {
        owners[chunk] = UInt16(owner)
        sets[owner].count += 1
        generation += 1
        if isRare {
            if sets[owner].rare == nil { sets[owner].rare = LayeredSet(bound: bound) }
            sets[owner].rare?.insert(chunk)
        } else {
            if sets[owner].common == nil { sets[owner].common = LayeredSet(bound: bound) }
            sets[owner].common?.insert(chunk)
        }
        guard let second else { return }
        seconds[chunk] = UInt16(second)
        if sets[second].second == nil { sets[second].second = LayeredSet(bound: bound) }
        sets[second].second?.insert(chunk)
    }

    /// - Returns: whether it had an owner.
    @discardableResult
    mutating func remove(_ chunk: Int) -> Bool {
        guard owners[chunk] != Self.none else { return false }
        let owner = Int(owners[chunk])
        owners[chunk] = Self.none
        sets[owner].count -= 1
        if sets[owner].rare?.contains(chunk) == true {
            sets[owner].rare?.remove(chunk)
        } else {
            sets[owner].common?.remove(chunk)
        }
        guard seconds[chunk] != Self.none else { return true }
        sets[Int(seconds[chunk])].second?.remove(chunk)
        seconds[chunk] = Self.none
        return true
    }

    /// All chunks that a source owns, and those that belong to it next.
    func all(of source: Int) -> [Int] {
        var found: [Int] = []
        for set in [sets[source].rare, sets[source].common, sets[source].second] {
            _ = set?.lastMember {
                found.append($0)
                return false
            }
        }
        return found
    }

    /// Goes through the chunks that a source owns from the last one down, rare ones first, until `isFound`.
    func search(_ source: Int, isFound: (Int) -> Bool) -> Int? {
        sets[source].rare?.lastMember(where: isFound) ?? sets[source].common?.lastMember(where: isFound)
    }

    /// The source other than `source` that owns most chunks.
    func richest(except source: Int) -> Int? {
        var best: Int?
        for other in sets.indices where other != source && sets[other].count > (best.map { sets[$0].count } ?? 0) {
            best = other
        }
        return best
    }
}
