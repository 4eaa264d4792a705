import FDLCore
import TestSupport
import Testing

@testable import FDLPublishing

@Suite struct PublishPlanTests {
    private func facts(_ manifest: Manifest) -> PublishPlan.Facts {
        var facts = PublishPlan.Facts(chunks: manifest.digests.count, files: manifest.files.count)
        facts.wanted = Array(repeating: 1, count: manifest.digests.count)
        return facts
    }

    @Test func `what is there is not read`() throws {
        let manifest = try Manifest.sample([("a", noise(300_000)), ("b", noise(70_000, seed: 2)), ("c", [])])
        var facts = facts(manifest)
        facts.there = [1, 0, 1, 1, 0, 1, 1]
        let plan = PublishPlan(manifest, facts)
        #expect(plan.units == [.init(file: 0, chunks: 1..<2), .init(file: 0, chunks: 4..<5)])
        #expect(plan.writes == [0, 1, 0, 0, 1, 0, 0])
        #expect(plan.totalBytes == 65_536 + 300_000 - 4 * 65_536)
    }

    @Test func `a file that is copied is read whole, also an empty one`() throws {
        let manifest = try Manifest.sample([("a", noise(300_000)), ("c", [])])
        var facts = facts(manifest)
        facts.there = facts.wanted
        facts.copies = [true, true]
        let plan = PublishPlan(manifest, facts)
        #expect(plan.units == [.init(file: 0, chunks: 0..<5), .init(file: 1, chunks: 5..<5)])
        #expect(plan.writes.allSatisfy { $0 == 0 })
    }

    @Test func `equal chunks are written once, into the trees that lack them`() throws {
        let manifest = try Manifest.sample([("a", noise(65_536) + noise(65_536)), ("b", noise(65_536))])
        var facts = facts(manifest)
        facts.wanted = [0b110, 0b110, 0b110]
        facts.there = [0b010, 0b010, 0b010]
        #expect(PublishPlan(manifest, facts).writes == [0b100, 0, 0])
    }

    @Test func `a long file is cut into units that leave no chunk out`() throws {
        let manifest = try Manifest.sample([("a", [UInt8](repeating: 1, count: 300 * 65_536) + [2])])
        var facts = facts(manifest)
        facts.copies = [true]
        let plan = PublishPlan(manifest, facts)
        #expect(plan.units.flatMap { Array($0.chunks) } == Array(0..<301))
        #expect(plan.units.allSatisfy { $0.chunks.count <= 128 })
    }
}
