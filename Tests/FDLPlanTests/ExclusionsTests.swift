import Testing

@testable import FDLPlan

@Suite("Exclusions")
struct ExclusionsTests {
    private var generator = SplitMix64(seed: 1)
    private var exclusions = Exclusions(backoff: Backoff(first: 0.5, cap: 10))

    @Test("the oftener a chunk has failed, on whichever source, the longer it is excluded, up to the cap")
    mutating func growth() {
        for count in 0..<10 {
            let full = min(10, 0.5 * Double(1 << count))
            let until = exclusions.add(3, of: count % 2, at: 100, using: &generator)
            #expect(until > 100 + full / 2 && until <= 100 + full)
        }
        // Of another chunk that tells nothing.
        #expect(exclusions.add(4, of: 0, at: 100, using: &generator) <= 100.5)
    }

    @Test("failures of a chunk that is there are forgotten")
    mutating func forgetting() {
        for _ in 0..<6 { _ = exclusions.add(3, of: 0, at: 0, using: &generator) }
        exclusions.forgetFailures(of: 3)
        #expect(exclusions.add(3, of: 0, at: 0, using: &generator) <= 0.5)
    }

    @Test("is postponed three times, by as long as it was at first")
    mutating func postponing() throws {
        let until = exclusions.add(3, of: 0, at: 100, using: &generator)
        var exclusion = try #require(exclusions.takeAll().first)
        #expect(exclusions.isEmpty)
        #expect(exclusion.until == until)
        for count in 0..<3 {
            #expect(exclusion.canBePostponed)
            exclusion.postpone(at: 200 + Double(count))
            #expect(abs(exclusion.until - (200 + Double(count) + until - 100)) < 1e-9)
        }
        #expect(!exclusion.canBePostponed)
        exclusions.keep(exclusion)
        #expect(exclusions.entries == [exclusion])
    }

    /// Against a plain list.
    @Test("keeps their order, and removes what it is told to", arguments: 0..<20)
    mutating func order(seed: Int) {
        var random = TestGenerator(seed: UInt64(seed))
        var model: [[Int]] = []
        for step in 0..<200 {
            let chunk = Int.random(in: 0..<8, using: &random)
            let source = Int.random(in: 0..<4, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                exclusions.remove(of: source)
                model.removeAll { $0[1] == source }
            case 1:
                exclusions.remove(chunk, of: source)
                model.removeAll { $0 == [chunk, source] }
            case 2:
                for exclusion in exclusions.takeAll() where exclusion.chunk != chunk { exclusions.keep(exclusion) }
                model.removeAll { $0[0] == chunk }
            default:
                let until = exclusions.add(chunk, of: source, at: Double(step), using: &generator)
                #expect(until > Double(step) && until <= Double(step) + 10)
                model.append([chunk, source])
            }
            #expect(exclusions.entries.map { [$0.chunk, $0.source] } == model)
            #expect(exclusions.isEmpty == model.isEmpty)
        }
    }
}
