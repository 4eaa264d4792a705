import FDLCore
import Testing

@testable import FDLPlan

/// The structures behind each decision, against plain models of them.
@Suite struct PendingChunksTests {
    @Test(arguments: 0..<20)
    func layeredSetBehavesAsASet(seed: Int) {
        var random = TestGenerator(seed: UInt64(seed))
        let bound = [1, 64, 65, 4096, 5000, 300_000][seed % 6]
        var set = LayeredSet(bound: bound)
        var model = Set<Int>()
        for _ in 0..<400 {
            let member = Int.random(in: 0..<bound, using: &random)
            if model.contains(member) {
                set.remove(member)
                model.remove(member)
            } else {
                set.insert(member)
                model.insert(member)
            }
            #expect(set.contains(member) == model.contains(member))
            #expect(set.count == model.count)
            #expect(set.first == model.min())
            let from = Int.random(in: 0...(bound >> 6 + 1), using: &random)
            #expect(set.firstWord(from: from) == model.map { $0 >> 6 }.filter { $0 >= from }.min())
        }
    }

    /// Whatever was excluded, allowed and retired: the choice is one of the rarest, the lowest of them.
    @Test(arguments: 0..<40)
    func choosesTheRarest(seed: Int) {
        var random = TestGenerator(seed: UInt64(seed))
        let bound = Int.random(in: 1...200, using: &random)
        let count = Int.random(in: 1...6, using: &random)
        var pending = PendingChunks(ChunkSet(bound: bound, filled: true), sourceCount: count)
        var model = Set(0..<bound)
        var excluded = Array(repeating: Set<Int>(), count: count)
        var live = Set(0..<count)
        for _ in 0..<600 {
            let chunk = Int.random(in: 0..<bound, using: &random)
            let source = Int.random(in: 0..<count, using: &random)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<30:
                if model.contains(chunk) { pending.remove(chunk) } else { pending.insert(chunk) }
                model.formSymmetricDifference([chunk])
            case 30..<70:
                let isNew = live.contains(source) && excluded[source].insert(chunk).inserted
                #expect(pending.exclude(chunk, from: source) == isNew)
            case 70..<99:
                pending.allow(chunk, of: source)
                if live.contains(source) { excluded[source].remove(chunk) }
            default:
                pending.retire(source)
                live.remove(source)
                excluded[source] = []
            }
            func rank(_ chunk: Int) -> Int { live.count { excluded[$0].contains(chunk) } }
            let blocked = model.filter { rank($0) == live.count }
            #expect(pending.count == model.count)
            #expect(pending.blockedCount == blocked.count)
            #expect(pending.firstBlocked == blocked.min())
            for source in 0..<count {
                let open = live.contains(source) ? model.subtracting(excluded[source]) : []
                let rarest = open.map(rank).max()
                let candidate = pending.next(for: source)
                #expect(candidate?.rank == rarest)
                #expect(candidate?.chunk == open.filter { rank($0) == rarest }.min())
            }
        }
    }

    @Test func slotsAreNotMistakenForTheirSuccessors() {
        var map = SlotMap<String>()
        let first = map.insert("first")
        map[first] = "changed"
        #expect(map[first] == "changed")
        #expect(map.remove(first) == "changed")
        let second = map.insert("second")
        #expect(first != second)
        #expect(map[first] == nil)
        map[first] = "lost"
        #expect(map.remove(first) == nil)
        #expect(map[second] == "second")
        #expect(map[-1] == nil)
        #expect(map[.max] == nil)
    }

    @Test func backoffDoublesUpToItsCap() {
        let backoff = Backoff(first: 0.25, cap: 10)
        var generator = SplitMix64(seed: 1)
        for failures in 1...100 {
            let full = min(10, 0.25 * Double(1 << min(failures - 1, 20)))
            let delay = backoff.delay(failures: failures, using: &generator)
            #expect(delay >= full / 2 && delay <= full)
            #expect(backoff.delay(failures: failures, retryAfter: 99_999_999, using: &generator) == 10)
            #expect(backoff.delay(failures: failures, retryAfter: 6, using: &generator) >= 6)
            #expect(backoff.delay(failures: failures, retryAfter: -1, using: &generator) <= full)
        }
        #expect(backoff.delay(failures: 0, using: &generator) <= 0.25)
    }

    @Test func meterLeavesDelayAndIdleTimeOut() throws {
        var meter = RateMeter()
        for start in [0.0, 100.0] {
            meter.begin(at: start)
            // A delay of half a second, then 1,000 bytes every 10 ms.
            for step in 0...50 { meter.add(1000, at: start + 0.5 + Double(step) * 0.01) }
            meter.end(at: start + 1)
        }
        let rate = try #require(meter.rate)
        #expect(abs(rate - 100_000) < 1000)
        meter.begin(at: 200)
        #expect(try #require(meter.current(at: 210)) < 1000)
    }
}
