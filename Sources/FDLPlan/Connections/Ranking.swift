package import FDLCore

/// The order in which each chunk belongs to a download's sources, by `Affinity`.
package final class Ranking: Sendable {
    private let layout: ChunkLayout
    private let digests: [SHA256Digest]
    private let sources: [Ranked]
    private let hasMirrors: Bool
    private let run: Int
    /// How many neighbours belong to one worker.
    private let group: Int

    private struct Ranked: Sendable {
        let word: UInt64
        let isMirror: Bool
        /// By the URLs' bytes; sources of one URL have the same.
        let urlOrder: Int
        /// The first source of its URL.
        let isFirst: Bool
    }

    /// - Parameters:
    ///   - digests: of all chunks.
    ///   - sources: in the order of their `SourceID`s. Several may be one source at several addresses: with the same
    ///     key they share its place, and its chunks are divided among them.
    package init(layout: ChunkLayout, digests: [SHA256Digest], sources: [(key: Affinity.Key, kind: SourceKind)]) {
        self.layout = layout
        self.digests = digests
        run = Affinity.run(chunkSize: layout.chunkSize)
        group = Affinity.group(chunkSize: layout.chunkSize, count: digests.count)
        hasMirrors = sources.contains { $0.kind == .mirror }
        let urls = Set(sources.map(\.key.url)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var seen = Set<String>()
        self.sources = sources.map { key, kind in
            Ranked(
                word: key.word,
                isMirror: kind == .mirror,
                urlOrder: urls.firstIndex(of: key.url) ?? 0,
                isFirst: seen.insert(key.url).inserted
            )
        }
    }

    private init(byChunk grouped: Ranking) {
        (layout, digests, sources) = (grouped.layout, grouped.digests, grouped.sources)
        (hasMirrors, run, group) = (grouped.hasMirrors, grouped.run, 1)
    }

    /// The order for sources that do not hold all chunks, which are placed one by one; nil if this is it.
    package var byChunk: Ranking? { group > 1 ? Ranking(byChunk: self) : nil }

    /// A source's claim to a chunk, to be compared with another one's.
    private struct Claim {
        let weight: UInt64
        let urlOrder: Int
        let share: UInt64

        func isBefore(_ other: Claim) -> Bool {
            guard weight == other.weight else { return weight > other.weight }
            guard urlOrder == other.urlOrder else { return urlOrder < other.urlOrder }
            return share > other.share
        }
    }

    /// The words of a chunk: its group's for workers, its run's for mirrors.
    private func words(_ chunk: Int) -> (group: UInt64, run: UInt64) {
        let word = digests[group > 1 ? neighbours(of: chunk, group).lowerBound : chunk].leadingWord
        guard hasMirrors else { return (word, word) }
        return (word, digests[unit(of: chunk).lowerBound].leadingWord)
    }

    private func weight(_ source: Int, _ words: (group: UInt64, run: UInt64)) -> UInt64 {
        Affinity.weight(chunk: sources[source].isMirror ? words.run : words.group, source: sources[source].word)
    }

    private func claim(_ source: Int, _ weight: UInt64) -> Claim {
        // Among the addresses of one source any even division will do.
        let share = Affinity.weight(chunk: weight, source: UInt64(source))
        return Claim(weight: weight, urlOrder: sources[source].urlOrder, share: share)
    }

    /// The chunks that a mirror takes as one with this one.
    func unit(of chunk: Int) -> Range<Int> { neighbours(of: chunk, run) }

    private func neighbours(of chunk: Int, _ count: Int) -> Range<Int> {
        let file = layout.chunks(ofFile: layout.file(ofChunk: chunk))
        let start = chunk - (chunk - file.lowerBound) % count
        return start..<min(start + count, file.upperBound)
    }

    /// The source that a chunk belongs to most of those that come into question, and the one after it.
    func firstTwo(of chunk: Int, where isCandidate: (Int) -> Bool) -> (first: Int, second: Int?)? {
        let words = words(chunk)
        var first: (source: Int, weight: UInt64)?
        var second: (source: Int, weight: UInt64)?
        for source in sources.indices {
            let weight = weight(source, words)
            if let second, !isBefore(source, weight, second) { continue }
            guard isCandidate(source) else { continue }
            if let best = first, !isBefore(source, weight, best) {
                second = (source, weight)
            } else {
                second = first
                first = (source, weight)
            }
        }
        return first.map { ($0.source, second?.source) }
    }

    private func isBefore(_ source: Int, _ weight: UInt64, _ other: (source: Int, weight: UInt64)) -> Bool {
        guard weight == other.weight else { return weight > other.weight }
        return claim(source, weight).isBefore(claim(other.source, weight))
    }

    /// All sources, the one that a chunk belongs to most first.
    func order(of chunk: Int) -> [Int] {
        let words = words(chunk)
        let claims = sources.indices.map { claim($0, weight($0, words)) }
        return sources.indices.sorted { claims[$0].isBefore(claims[$1]) }
    }

    var sourceCount: Int { sources.count }

    func isMirror(_ source: Int) -> Bool { sources[source].isMirror }

    /// How many sources a chunk belongs to more than to this one, and one.
    package func place(of source: Int, for chunk: Int) -> Int {
        let words = words(chunk)
        let own = weight(source, words)
        var place = 1
        for other in sources.indices {
            guard sources[other].isFirst, sources[other].urlOrder != sources[source].urlOrder else { continue }
            let weight = weight(other, words)
            if weight > own || weight == own && sources[other].urlOrder < sources[source].urlOrder { place += 1 }
        }
        return place
    }
}
