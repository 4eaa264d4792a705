import Testing

@testable import FDLPlan

@Suite("The record of a source's failures")
struct FailureRecordTests {
    private var record = FailureRecord()
    private let configuration = DownloadPlan.Configuration()

    @Test("failures of what was begun before the last of them have one cause, and count once")
    mutating func oneCause() {
        record.fail(begunAt: 1, at: 5)
        record.fail(begunAt: 2, at: 5)
        record.fail(begunAt: 4.9, at: 6)
        #expect(record.inARow == 1)
        record.fail(begunAt: 5, at: 7)
        #expect(record.inARow == 2)
        record.answer()
        #expect(record.inARow == 0)
    }

    @Test("64 right chunks after it forgive a broken answer")
    mutating func strikes() {
        for _ in 0..<3 { #expect(record.strike(forgiving: 3) == false) }
        for _ in 0..<63 { record.accept() }
        #expect(record.strike(forgiving: 3) == true)
        for _ in 0..<64 { record.accept() }
        #expect(record.strike(forgiving: 3) == true)
        for _ in 0..<128 { record.accept() }
        #expect(record.strike(forgiving: 3) == false)
    }

    @Test("failures are forgotten so often and no more")
    mutating func amnesty() {
        for round in 0..<3 {
            record.fail(begunAt: Double(round), at: Double(round))
            record.forget(atMost: 2)
            #expect(record.inARow == (round < 2 ? 0 : 1))
        }
    }

    @Test("without any contact two failures over ten seconds are hopeless")
    mutating func noContact() {
        record.fail(begunAt: 0, at: 0)
        #expect(!isHopeless(at: 20, anyContact: false))
        record.fail(begunAt: 5, at: 9.9)
        #expect(!isHopeless(at: 9.9, anyContact: false))
        #expect(isHopeless(at: 10, anyContact: false))
        #expect(!isHopeless(at: 10))
    }

    @Test("with contact it takes eight over a minute, or five minutes where bytes come")
    mutating func contact() {
        for count in 0..<8 {
            #expect(!isHopeless(at: 1000))
            record.fail(begunAt: Double(count), at: Double(count))
        }
        #expect(!isHopeless(at: 59.9))
        #expect(isHopeless(at: 60))
        #expect(!isHopeless(at: 299, lastByteAt: 250))
        #expect(isHopeless(at: 300, lastByteAt: 299))
        record.answer()
        #expect(!isHopeless(at: 1000))
    }

    private func isHopeless(at now: Double, lastByteAt: Double = -.infinity, anyContact: Bool = true) -> Bool {
        record.isHopeless(at: now, lastByteAt: lastByteAt, anyContact: anyContact, configuration)
    }

    /// Against the plain rule: no more in a row than failures since the last good answer, and at least one if any.
    @Test("counts failures since the last good answer", arguments: 0..<20)
    mutating func count(seed: Int) {
        var random = TestGenerator(seed: UInt64(seed))
        var failures: [(begun: Double, at: Double)] = []
        var counted = -Double.infinity
        var model = 0
        for step in 0..<300 {
            let now = Double(step)
            if random.chance(0.1) {
                record.answer()
                failures = []
                model = 0
            } else {
                let begun = now - Double(Int.random(in: 0...4, using: &random))
                record.fail(begunAt: begun, at: now)
                failures.append((begun, now))
                if begun >= counted {
                    counted = now
                    model += 1
                }
            }
            #expect(record.inARow == model)
            #expect(record.inARow <= failures.count)
        }
    }
}
