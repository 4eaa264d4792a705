/// A set of chunk numbers below a fixed bound, one bit each, with its count and its lowest members at hand.
package struct ChunkSet: Sendable, Equatable {
    /// Members are below this.
    package let bound: Int
    /// How many members there are.
    package private(set) var count: Int
    private var words: [UInt64]

    /// The empty set, or with `filled` the set of all numbers below `bound`.
    package init(bound: Int, filled: Bool = false) {
        self.bound = bound
        self.count = filled ? bound : 0
        self.words = Array(repeating: filled ? .max : 0, count: (bound + 63) / 64)
        if filled, bound % 64 != 0 { words[words.count - 1] = (1 << UInt64(bound % 64)) - 1 }
    }

    package var isEmpty: Bool { count == 0 }

    /// Whether `chunk` is a member; false for any number out of bounds.
    package func contains(_ chunk: Int) -> Bool {
        guard chunk >= 0, chunk < bound else { return false }
        return words[chunk >> 6] & (1 << UInt64(chunk & 63)) != 0
    }

    /// - Returns: whether it was not a member before.
    @discardableResult
    package mutating func insert(_ chunk: Int) -> Bool {
        guard chunk >= 0, chunk < bound, !contains(chunk) else { return false }
        words[chunk >> 6] |= 1 << UInt64(chunk & 63)
        count += 1
        return true
    }

    /// - Returns: whether it was a member before.
    @discardableResult
    package mutating func remove(_ chunk: Int) -> Bool {
        guard contains(chunk) else { return false }
        words[chunk >> 6] &= ~(1 << UInt64(chunk & 63))
        count -= 1
        return true
    }

    /// The lowest member that is at least `start`.
    package func first(from start: Int = 0) -> Int? {
        guard start < bound else { return nil }
        let start = Swift.max(0, start)
        var index = start >> 6
        var word = words[index] & (UInt64.max << UInt64(start & 63))
        while word == 0 {
            index += 1
            guard index < words.count else { return nil }
            word = words[index]
        }
        return index << 6 + word.trailingZeroBitCount
    }

    /// 64 numbers at once: bit n stands for `64 * index + n`.
    package func word(_ index: Int) -> UInt64 { words[index] }

    /// The members that follow `start` without a gap, `start` itself among them, `limit` at most.
    package func run(from start: Int, limit: Int) -> Range<Int> {
        var end = start
        while end - start < limit, contains(end) { end += 1 }
        return start..<end
    }

    /// The members not in `other`.
    package func subtracting(_ other: ChunkSet) -> ChunkSet {
        var result = self
        for index in result.words.indices where index < other.words.count { result.words[index] &= ~other.words[index] }
        result.count = result.words.reduce(0) { $0 + $1.nonzeroBitCount }
        return result
    }
}

extension ChunkSet: Sequence {
    /// The members, lowest first.
    package struct Iterator: IteratorProtocol {
        fileprivate let set: ChunkSet
        fileprivate var start = 0

        package mutating func next() -> Int? {
            guard let member = set.first(from: start) else { return nil }
            start = member + 1
            return member
        }
    }

    package func makeIterator() -> Iterator { Iterator(set: self) }
}
