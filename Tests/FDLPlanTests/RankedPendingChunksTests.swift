import FDLCore
import Testing

@testable import FDLPlan

/// Pending chunks that belong to sources, against a plain model.
@Suite("Pending chunks with a ranking")
struct RankedPendingChunksTests {
    private func ranking(_ bound: Int, _ kinds: [SourceKind], _ random: inout TestGenerator) -> Ranking {
        let layout = ChunkLayout(chunkSize: .standard(totalBytes: 0), fileSizes: [Int64(bound) << 20])
        return Ranking(
            layout: layout,
            digests: (0..<bound).map { _ in .random(using: &random) },
            sources: kinds.enumerated().map { number, kind in
                (Affinity.Key(url: "https://\(number)/", digest: .random(using: &random)), kind)
            }
        )
    }

    /// Whatever was excluded, allowed, lacked and retired: a source gets its own first, then what it is taken to hold,
    /// and never nothing where there is something that nobody else is taken to hold.
    @Test("each source gets its own first, and others' then", arguments: 0..<40)
    func choice(seed: Int) {
        var random = TestGenerator(seed: UInt64(seed))
        let bound = Int.random(in: 1...80, using: &random)
        let count = Int.random(in: 2...6, using: &random)
        let ranking = ranking(bound, Array(repeating: .worker, count: count), &random)
        var pending = PendingChunks(ChunkSet(bound: bound, filled: true), sourceCount: count, ranking: ranking)
        var model = Set(0..<bound)
        var excluded = Array(repeating: Set<Int>(), count: count)
        var live = Set(0..<count)
        var ends = Array(repeating: Int.max, count: count)
        for _ in 0..<400 {
            let chunk = Int.random(in: 0..<bound, using: &random)
            let source = Int.random(in: 0..<count, using: &random)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<40:
                if model.contains(chunk) { pending.remove(chunk) } else { pending.insert(chunk) }
                model.formSymmetricDifference([chunk])
            case 40..<60:
                pending.exclude(chunk, from: source)
                if live.contains(source) { excluded[source].insert(chunk) }
            case 60..<90:
                pending.allow(chunk, of: source)
                excluded[source].remove(chunk)
            case 90..<98:
                pending.lacks(chunk, source)
                ends[source] = min(ends[source], ranking.place(of: source, for: chunk))
            default:
                pending.retire(source)
                live.remove(source)
                excluded[source] = []
            }
            func isHolder(_ source: Int, _ chunk: Int) -> Bool {
                live.contains(source) && !excluded[source].contains(chunk)
                    && ranking.place(of: source, for: chunk) < ends[source]
            }
            func owner(_ chunk: Int) -> Int? {
                (0..<count).filter { isHolder($0, chunk) }
                    .min { ranking.place(of: $0, for: chunk) < ranking.place(of: $1, for: chunk) }
            }
            #expect(pending.count == model.count)
            for source in 0..<count {
                let mayHave = live.contains(source) ? model.subtracting(excluded[source]) : []
                let own = mayHave.filter { owner($0) == source }
                let others = mayHave.filter { owner($0) == nil || isHolder(source, $0) }
                let candidate = pending.next(for: source)
                if !own.isEmpty {
                    #expect(candidate.map { own.contains($0.chunk) } == true)
                } else if !others.isEmpty {
                    #expect(candidate.map { others.contains($0.chunk) } == true)
                    #expect(candidate?.isProbe == false)
                } else if let candidate {
                    #expect(mayHave.contains(candidate.chunk))
                    #expect(candidate.isProbe)
                }
            }
        }
    }

    @Test("a source that lacks something is probed now and then, and believed when it gives", arguments: 0..<10)
    func probe(seed: Int) throws {
        var random = TestGenerator(seed: UInt64(seed))
        let ranking = ranking(100, [.worker, .worker, .worker], &random)
        var pending = PendingChunks(ChunkSet(bound: 100, filled: true), sourceCount: 3, ranking: ranking)
        pending.holdings.advance(to: 0)
        let own = try #require((0..<100).first { ranking.place(of: 0, for: $0) == 1 })
        pending.exclude(own, from: 0)
        pending.lacks(own, 0)
        var next = pending.next(for: 0)
        #expect(next == nil)
        pending.holdings.advance(to: 0.5)
        next = pending.next(for: 0)
        let probed = try #require(next)
        #expect(probed.isProbe)
        pending.holdings.isProbed(0)
        next = pending.next(for: 0)
        #expect(next == nil)
        pending.remove(probed.chunk)
        pending.gave(probed.chunk, 0)
        next = pending.next(for: 0)
        #expect(next != nil)
    }

    @Test("a mirror takes from the start of a run, and the run as a whole belongs to it", arguments: 0..<10)
    func mirrors(seed: Int) {
        var random = TestGenerator(seed: UInt64(seed))
        let ranking = ranking(60, [.mirror, .mirror], &random)
        for chunk in 0..<60 {
            #expect(ranking.unit(of: chunk) == (chunk / 8 * 8)..<min(60, chunk / 8 * 8 + 8))
            #expect(ranking.place(of: 0, for: chunk) == ranking.place(of: 0, for: chunk / 8 * 8))
        }
        var pending = PendingChunks(ChunkSet(bound: 60, filled: true), sourceCount: 2, ranking: ranking)
        for source in 0..<2 {
            while let candidate = pending.next(for: source), source == 0 || pending.count > 0 {
                #expect(candidate.chunk % 8 == 0)
                for chunk in ranking.unit(of: candidate.chunk) { pending.remove(chunk) }
            }
        }
        #expect(pending.isEmpty)
    }

    @Test("the addresses of one source share its place and divide its chunks")
    func addresses() {
        var random = TestGenerator(seed: 1)
        let digests = (0..<1000).map { _ in SHA256Digest.random(using: &random) }
        let keys = ["https://a/", "https://a/", "https://b/"].map { url in
            Affinity.Key(url: url, digest: digests[url == "https://a/" ? 0 : 1])
        }
        let ranking = Ranking(
            layout: ChunkLayout(chunkSize: .standard(totalBytes: 0), fileSizes: [1000 << 20]),
            digests: digests,
            sources: keys.map { ($0, .worker) }
        )
        let pending = PendingChunks(ChunkSet(bound: 1000, filled: true), sourceCount: 3, ranking: ranking)
        let counts = (0..<3).map { pending.owned.count(of: $0) }
        #expect(counts[0] > 200 && counts[1] > 200 && counts[2] > 400, "\(counts)")
        for chunk in 0..<1000 { #expect(ranking.place(of: 0, for: chunk) == ranking.place(of: 1, for: chunk)) }
    }
}
