import NIOCore
import NIOEmbedded
import Testing

@testable import FDLTLS

@Suite("The turns of handshakes")
struct HandshakeTurnsTests {
    /// Takes more than all savings.
    private func toil() {
        let end = NIODeadline.now() + .nanoseconds(2 * HandshakeBudget.most)
        while NIODeadline.now() < end {}
    }

    @Test("What waits is done in order, and beyond the bound nothing waits")
    func order() {
        let loop = EmbeddedEventLoop()
        let turns = HandshakeTurns()
        var done: [Int] = []
        #expect(
            turns.take(on: loop) {
                toil()
                done.append(0)
            }
        )
        #expect(done == [0])
        for number in 1...HandshakeTurns.limit { #expect(turns.take(on: loop) { done.append(number) }) }
        #expect(done == [0])
        #expect(!turns.take(on: loop) { done.append(-1) })
        for _ in 0..<10_000 where done.count <= HandshakeTurns.limit { loop.advanceTime(by: .milliseconds(1)) }
        #expect(done == Array(0...HandshakeTurns.limit))
        #expect(turns.take(on: loop) { done.append(-2) })
        #expect(done.last == -2)
    }

    @Test("A long one lets the loop's other work go first")
    func others() {
        let loop = EmbeddedEventLoop()
        let turns = HandshakeTurns()
        var done: [String] = []
        for name in ["first", "second"] {
            _ = turns.take(on: loop) {
                toil()
                done.append(name)
            }
        }
        loop.execute { done.append("another") }
        #expect(done == ["first"])
        loop.run()
        #expect(done == ["first", "another"])
        for _ in 0..<10_000 where done.count < 3 { loop.advanceTime(by: .milliseconds(1)) }
        #expect(done == ["first", "another", "second"])
    }
}
