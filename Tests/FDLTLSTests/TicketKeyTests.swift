import Testing

@testable import FDLTLS

@Suite("The keys of session tickets")
struct TicketKeyTests {
    private var ring = TicketKeyRing()
    private var made: UInt8 = 0

    private static func key(_ number: UInt8) -> TicketKey { TicketKey(bytes: Array(repeating: number, count: 80)) }

    private mutating func seal(at now: UInt64) -> UInt8? {
        let next = made + 1
        var isNew = false
        let key = ring.sealing(now: now) {
            isNew = true
            return Self.key(next)
        }
        if isNew { made = next }
        return key?.name.first
    }

    private mutating func opens(_ number: UInt8, at now: UInt64) -> Bool? {
        ring.opening(name: Self.key(number).name, now: now)?.isCurrent
    }

    @Test("A new one each hour, and the one before still opens")
    mutating func rotation() {
        #expect(seal(at: 1_000) == 1)
        #expect(seal(at: 4_599) == 1)
        #expect(opens(1, at: 4_599) == true)
        #expect(seal(at: 4_600) == 2)
        #expect(opens(1, at: 4_600) == false)
        #expect(opens(2, at: 4_600) == true)
        #expect(seal(at: 8_200) == 3)
        #expect(opens(1, at: 8_200) == nil)
        #expect(opens(2, at: 8_200) == false)
    }

    @Test("After a quiet night nothing of the evening opens, even before the first new ticket")
    mutating func quiet() {
        #expect(seal(at: 0) == 1)
        #expect(opens(1, at: 3_600) == false)
        #expect(opens(1, at: 7_199) == false)
        #expect(opens(1, at: 7_200) == nil)
        #expect(seal(at: 40_000) == 2)
    }

    @Test("Never more than two are kept, whatever comes", arguments: 0..<20)
    mutating func bounded(seed: UInt64) {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        var now: UInt64 = 0
        for _ in 0..<200 {
            state = state &* 6_364_136_223_846_793_005 &+ 1
            now += state >> 33 & 0xfff
            _ = seal(at: now)
            #expect((0...made).filter { opens($0, at: now) != nil }.count <= 2)
            #expect(opens(made, at: now) == true)
        }
    }

    @Test("Without randomness there is no ticket, and no failure")
    mutating func noRandomness() {
        #expect(ring.sealing(now: 0) { nil } == nil)
        #expect(seal(at: 1) == 1)
    }

    @Test("Two keys are never the same")
    func random() throws {
        let (first, second) = (try #require(TicketKey()), try #require(TicketKey()))
        #expect(first.name != second.name)
        #expect(first.encryption != second.encryption)
        #expect(first.authentication != second.authentication)
        #expect(first.encryption != first.authentication)
    }
}
