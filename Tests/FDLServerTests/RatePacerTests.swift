import NIOCore
import Testing

@testable import FDLServer

@Suite("A rate that is kept")
struct RatePacerTests {
    @Test func `pieces follow each other at the rate, whoever sends them`() {
        var pacer = RatePacer(rate: 1000)
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        #expect(pacer.book(500, now: start) == .zero)
        #expect(pacer.book(500, now: start) == .milliseconds(400))
        #expect(pacer.book(1000, now: start) == .milliseconds(900))
        #expect(pacer.book(1, now: start + .milliseconds(1900)) == .zero)
    }

    @Test func `time that was not used is made up for a little, not for ever`() {
        var pacer = RatePacer(rate: 1000)
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        _ = pacer.book(1, now: start)
        let later = start + .hours(1)
        #expect(pacer.book(100, now: later) == .zero)
        #expect(pacer.book(100, now: later) == .zero)
        #expect(pacer.book(100, now: later) == .milliseconds(100))
    }

    @Test func `without a rate nobody waits, and a rate may come and go`() {
        var pacer = RatePacer()
        let now = NIODeadline.now()
        for _ in 0..<3 { #expect(pacer.book(1 << 40, now: now) == .zero) }
        pacer.rate = 1 << 10
        _ = pacer.book(1 << 20, now: now)
        #expect(pacer.book(1, now: now) > .seconds(1000))
        pacer.rate = nil
        #expect(pacer.book(1 << 40, now: now) == .zero)
        #expect(RatePacer.pieceBytes(rate: nil, atMost: 100) == 100)
        #expect(RatePacer.pieceBytes(rate: 1024, atMost: 1 << 17) == 4096)
        #expect(RatePacer.pieceBytes(rate: 1 << 40, atMost: 1 << 17) == 1 << 17)
    }
}
