import Testing

@testable import FDLPlan

@Suite("The memory budget")
struct MemoryBudgetTests {
    @Test("a chunk takes its bytes, and never less than 8 KiB")
    func cost() {
        #expect([1, 8191, 8192, 8193, 1 << 20].map(MemoryBudget.cost(ofLength:)) == [8192, 8192, 8192, 8193, 1 << 20])
    }

    @Test("has room for what fits, to the byte")
    func room() {
        var memory = MemoryBudget(limit: 100_000)
        memory.take(length: 60_000)
        #expect(memory.left == 40_000)
        #expect(memory.allows(length: 40_000))
        #expect(!memory.allows(length: 40_001))
        memory.release(length: 60_000)
        #expect(memory.used == 0)
    }

    @Test("keeps what is asked for to the allowance, and hedges to the limit")
    func allowance() {
        var memory = MemoryBudget(limit: 100_000)
        memory.allow(0, chunkSize: 10_000)
        #expect(memory.allowance == 50_000)
        #expect(!memory.allows(length: 50_001))
        #expect(memory.allowsHedge(length: 50_001))
        #expect(memory.allowsHedge(length: 100_000))
        #expect(!memory.allowsHedge(length: 100_001))
        memory.allow(70_000, chunkSize: 10_000)
        #expect(memory.allowance == 70_000)
        memory.allow(200_000, chunkSize: 10_000)
        #expect(memory.allowance == 100_000)
        memory.allow(0, chunkSize: 80_000)
        #expect(memory.allowance == 80_000)
    }

    /// Who asks first never goes beyond the limit, and has it all back in the end.
    @Test("is never exceeded, and comes back to nothing", arguments: 0..<20)
    func bound(seed: Int) {
        var random = TestGenerator(seed: UInt64(seed))
        var memory = MemoryBudget(limit: Int.random(in: 100_000...2_000_000, using: &random))
        var taken: [Int] = []
        for _ in 0..<500 {
            let length = Int.random(in: 1...100_000, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0...1: if memory.allows(length: length) { taken.append(length) } else { continue }
            case 2: if memory.allowsHedge(length: length) { taken.append(length) } else { continue }
            case 3:
                if let length = taken.popLast() { memory.release(length: length) }
                continue
            default:
                memory.allow(Int.random(in: 0...3_000_000, using: &random), chunkSize: 100_000)
                #expect(memory.allowance <= memory.limit && memory.allowance >= memory.limit / 2)
                continue
            }
            memory.take(length: length)
            #expect(memory.used == taken.reduce(0) { $0 + max($1, 8192) })
            #expect(memory.used <= memory.limit)
        }
        for length in taken { memory.release(length: length) }
        #expect(memory.used == 0)
    }
}
