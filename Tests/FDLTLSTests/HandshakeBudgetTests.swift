import TestSupport
import Testing

@testable import FDLTLS

@Suite("Handshakes' share of a loop")
struct HandshakeBudgetTests {
    private static let millisecond: UInt64 = 1_000_000

    private func allows(_ budget: inout HandshakeBudget, _ now: UInt64) -> Bool { budget.allows(now: now) }

    @Test("What is not used is saved up to a bound")
    func saving() {
        var budget = HandshakeBudget(now: 0)
        let untouched = budget.savings
        #expect(allows(&budget, 1_000 * Self.millisecond))
        #expect(budget.savings == untouched && untouched == HandshakeBudget.most)
    }

    @Test("A long one is a debt, which others' time pays back one to one")
    func debt() {
        var budget = HandshakeBudget(now: 0)
        #expect(allows(&budget, 0))
        budget.spend(from: 0, to: 92 * Self.millisecond)
        #expect(!allows(&budget, 92 * Self.millisecond))
        #expect(!allows(&budget, (92 + 88) * Self.millisecond))
        #expect(allows(&budget, (92 + 88) * Self.millisecond + 1))
    }

    @Test("If nobody else had anything to do, debts are forgiven")
    func forgiving() {
        var budget = HandshakeBudget(now: 0)
        budget.spend(from: 0, to: 92 * Self.millisecond)
        budget.forgive()
        #expect(allows(&budget, 92 * Self.millisecond))
    }

    @Test("A clock that stands still, goes back or jumps is no crash")
    func clocks() {
        var budget = HandshakeBudget(now: 100)
        #expect(allows(&budget, 50))
        budget.spend(from: 200, to: 150)
        budget.spend(from: .max - 1, to: .max)
        #expect(allows(&budget, .max))
    }

    @Test("While others always have something to do, handshakes take half of the time at most", arguments: 0..<50)
    func share(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var (now, handshakes): (UInt64, UInt64) = (0, 0)
        var longest: UInt64 = 0
        var budget = HandshakeBudget(now: 0)
        for _ in 0..<2_000 {
            // One round of the loop: as many handshakes as may be, then what others have to do.
            var round: UInt64 = 0
            while budget.allows(now: now) {
                let time = UInt64.random(in: 100_000...3_000_000, using: &generator)
                budget.spend(from: now, to: now + time)
                now += time
                handshakes += time
                round += time
                #expect(round <= UInt64(HandshakeBudget.most) + time)
            }
            longest = max(longest, round)
            now += UInt64.random(in: 150_000...5_000_000, using: &generator)
        }
        #expect(handshakes <= now / 2 + UInt64(HandshakeBudget.most) + 3 * Self.millisecond, "seed \(seed)")
        // And they do get their half.
        #expect(handshakes >= now / 4, "seed \(seed)")
    }
}
