import FDLCore

/// A set of chunks in which the lowest one that a source may be asked for is found without looking twice at what it
/// may not be asked for: a cursor for each source remembers how far the search has found nothing.
struct CursoredSet: Sendable {
    private var members: LayeredSet
    // By source, and shorter than their number: no word below this index has a chunk that the source may be asked for.
    private var cursors: [Int] = []

    init(bound: Int) { members = LayeredSet(bound: bound) }

    init(_ chunks: ChunkSet) { members = LayeredSet(chunks) }

    var count: Int { members.count }
    var isEmpty: Bool { members.isEmpty }
    var first: Int? { members.first }

    func contains(_ chunk: Int) -> Bool { members.contains(chunk) }

    /// `chunk` must not be in the set.
    mutating func insert(_ chunk: Int) {
        members.insert(chunk)
        for source in cursors.indices where cursors[source] > chunk >> 6 { cursors[source] = chunk >> 6 }
    }

    /// `chunk` must be in the set.
    mutating func remove(_ chunk: Int) { members.remove(chunk) }

    /// The lowest member that is not in `excluded`, which `source` is excluded from.
    mutating func first(for source: Int, excluding excluded: ChunkSet) -> Int? {
        while cursors.count <= source { cursors.append(0) }
        var index = cursors[source]
        while let word = members.firstWord(from: index) {
            let open = members.word(word) & ~excluded.word(word)
            if open != 0 {
                cursors[source] = word
                return word << 6 + open.trailingZeroBitCount
            }
            index = word + 1
        }
        cursors[source] = .max
        return nil
    }
}
