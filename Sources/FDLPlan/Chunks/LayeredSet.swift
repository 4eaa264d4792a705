import FDLCore

/// A set of numbers below a bound, which finds its lowest member from a given word on in a few steps, however large and
/// sparse it is. There are three layers: a bit for each number, a bit for each 64-bit word of the first layer, and a
/// bit for each word of the second.
struct LayeredSet: Sendable {
    private(set) var count: Int
    private var words: [UInt64]
    private var summary: [UInt64]
    private var top: [UInt64]

    init(bound: Int) {
        count = 0
        words = Array(repeating: 0, count: (bound + 63) >> 6)
        summary = Array(repeating: 0, count: (words.count + 63) >> 6)
        top = Array(repeating: 0, count: (summary.count + 63) >> 6)
    }

    init(_ set: ChunkSet) {
        self.init(bound: set.bound)
        count = set.count
        for index in words.indices {
            words[index] = set.word(index)
            if words[index] != 0 { mark(index) }
        }
    }

    var isEmpty: Bool { count == 0 }

    func contains(_ member: Int) -> Bool { words[member >> 6] & Self.bit(member) != 0 }

    /// 64 members at once: bit n stands for `64 * index + n`.
    func word(_ index: Int) -> UInt64 { words[index] }

    /// `member` must not be in the set.
    mutating func insert(_ member: Int) {
        words[member >> 6] |= Self.bit(member)
        mark(member >> 6)
        count += 1
    }

    /// `member` must be in the set.
    mutating func remove(_ member: Int) {
        let index = member >> 6
        words[index] &= ~Self.bit(member)
        count -= 1
        guard words[index] == 0 else { return }
        summary[index >> 6] &= ~Self.bit(index)
        guard summary[index >> 6] == 0 else { return }
        top[index >> 12] &= ~Self.bit(index >> 6)
    }

    /// The lowest member.
    var first: Int? { firstWord(from: 0).map { $0 << 6 + words[$0].trailingZeroBitCount } }

    /// The index of the first word that has a member, from `index` on; nil if there is none.
    func firstWord(from index: Int) -> Int? {
        guard index < words.count else { return nil }
        if words[index] != 0 { return index }
        let next = index + 1
        guard next < words.count else { return nil }
        let near = summary[next >> 6] & (.max << UInt64(next & 63))
        if near != 0 { return (next >> 6) << 6 + near.trailingZeroBitCount }
        let far = next >> 6 + 1
        guard far < summary.count else { return nil }
        var place = far >> 6
        var bits = top[place] & (.max << UInt64(far & 63))
        while bits == 0 {
            place += 1
            guard place < top.count else { return nil }
            bits = top[place]
        }
        let group = place << 6 + bits.trailingZeroBitCount
        return group << 6 + summary[group].trailingZeroBitCount
    }

    /// The highest member.
    var last: Int? { lastWord(through: .max).map { $0 << 6 + 63 - words[$0].leadingZeroBitCount } }

    /// The highest member that fulfils a condition; those above it are looked at one after the other.
    func lastMember(where isFound: (Int) -> Bool) -> Int? {
        var index = Int.max
        while let word = lastWord(through: index) {
            var bits = words[word]
            while bits != 0 {
                let member = word << 6 + 63 - bits.leadingZeroBitCount
                if isFound(member) { return member }
                bits &= ~Self.bit(member)
            }
            guard word > 0 else { return nil }
            index = word - 1
        }
        return nil
    }

    /// The highest word that has a member, up to `index`.
    func lastWord(through index: Int) -> Int? {
        var index = min(index, words.count - 1)
        guard index >= 0 else { return nil }
        if words[index] != 0 { return index }
        let near = summary[index >> 6] & (.max >> UInt64(63 - index & 63))
        if near != 0 { return (index >> 6) << 6 + 63 - near.leadingZeroBitCount }
        index = index >> 6 - 1
        guard index >= 0 else { return nil }
        var place = index >> 6
        var bits = top[place] & (.max >> UInt64(63 - index & 63))
        while bits == 0 {
            place -= 1
            guard place >= 0 else { return nil }
            bits = top[place]
        }
        let group = place << 6 + 63 - bits.leadingZeroBitCount
        return group << 6 + 63 - summary[group].leadingZeroBitCount
    }

    private mutating func mark(_ index: Int) {
        summary[index >> 6] |= Self.bit(index)
        top[index >> 12] |= Self.bit(index >> 6)
    }

    private static func bit(_ number: Int) -> UInt64 { 1 << UInt64(number & 63) }
}
