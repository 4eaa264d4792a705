import NIOCore
import TestSupport
import Testing

@testable import FDLServer

@Suite("When the tree is looked at because of what is not in the catalog")
struct LookScheduleTests {
    /// `#expect` takes no calls that change a value.
    private final class Schedule {
        private var value = LookSchedule<Int>()

        func add(_ waiter: Int, now: NIODeadline) -> NIODeadline? { value.add(waiter, now: now) }

        func begin(now: NIODeadline) -> Bool { value.begin(now: now) }

        func end(_ outcome: LookSchedule<Int>.Outcome, now: NIODeadline) -> (done: [Int], next: NIODeadline?) {
            value.end(outcome, now: now)
        }
    }

    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private static func at(_ milliseconds: Int64) -> NIODeadline { start + .milliseconds(milliseconds) }

    @Test func `the first request begins a look at once, and those that come meanwhile share the next`() {
        let schedule = Schedule()
        #expect(schedule.add(1, now: Self.at(0)) == Self.at(0))
        // It has not begun yet: what is there now is found.
        #expect(schedule.add(2, now: Self.at(1)) == nil)
        #expect(schedule.begin(now: Self.at(2)))
        #expect(schedule.add(3, now: Self.at(3)) == nil)
        #expect(schedule.add(4, now: Self.at(4)) == nil)
        let first = schedule.end(.unchanged, now: Self.at(12))
        #expect(first.done == [1, 2])
        // A fifth of the time at most.
        #expect(first.next == Self.at(52))
        #expect(schedule.begin(now: Self.at(52)))
        let second = schedule.end(.unchanged, now: Self.at(52))
        #expect(second.done == [3, 4])
        #expect(second.next == nil)
        #expect(schedule.add(5, now: Self.at(60)) == Self.at(60))
    }

    @Test func `a walk begins at most once a second, and who comes between waits for the next`() {
        let schedule = Schedule()
        _ = schedule.add(1, now: Self.at(0))
        #expect(schedule.begin(now: Self.at(0)))
        #expect(schedule.end(.walked, now: Self.at(0)).done == [1])
        #expect(schedule.add(2, now: Self.at(100)) == Self.at(100))
        #expect(!schedule.begin(now: Self.at(100)))
        let early = schedule.end(.postponed, now: Self.at(100))
        #expect(early.done.isEmpty)
        #expect(early.next == Self.at(1000))
        #expect(schedule.add(3, now: Self.at(500)) == nil)
        #expect(schedule.begin(now: Self.at(1000)))
        #expect(schedule.end(.walked, now: Self.at(1000)).done == [2, 3])
    }

    @Test func `nobody waits long for a tree that takes long to walk`() {
        let schedule = Schedule()
        _ = schedule.add(1, now: Self.at(0))
        #expect(schedule.begin(now: Self.at(0)))
        // The next walk is allowed at 15,000.
        #expect(schedule.end(.walked, now: Self.at(3000)).done == [1])
        #expect(schedule.add(2, now: Self.at(3001)) == Self.at(15_000))
        #expect(schedule.begin(now: Self.at(15_000)))
        #expect(schedule.end(.walked, now: Self.at(15_000)).done == [2])

        _ = schedule.add(3, now: Self.at(20_000))
        #expect(schedule.begin(now: Self.at(20_000)))
        // The next walk is allowed at 30,000, the next look at 26,000.
        #expect(schedule.end(.walked, now: Self.at(22_000)).done == [3])
        _ = schedule.add(4, now: Self.at(24_500))
        #expect(!schedule.begin(now: Self.at(24_500)))
        let late = schedule.end(.postponed, now: Self.at(24_500))
        #expect(late.done == [4])
        #expect(late.next == nil)
        _ = schedule.add(5, now: Self.at(25_500))
        #expect(!schedule.begin(now: Self.at(25_500)))
        let soon = schedule.end(.postponed, now: Self.at(25_500))
        #expect(soon.done.isEmpty)
        #expect(soon.next == Self.at(30_000))
    }

    /// Whatever comes when: a look begins after each request has come and serves it, one at a time, walks are a second
    /// apart, and none is left waiting.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func `a flood`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let schedule = Schedule()
        var now: Int64 = 0
        var came: [Int64] = []
        var served: [Int: Int64] = [:]
        var walks: [Int64] = []
        var planned: NIODeadline?
        while came.count < 300 || planned != nil {
            if came.count < 300, planned == nil || Bool.random(using: &random) {
                now += .random(in: 0...20, using: &random)
                let start = schedule.add(came.count, now: Self.at(now))
                came.append(now)
                if let start {
                    #expect(planned == nil, "two looks at a time")
                    planned = start
                }
                continue
            }
            guard let start = planned else { break }
            now = max(now, Int64((start - Self.start).nanoseconds / 1_000_000))
            let began = now
            let mayWalk = schedule.begin(now: Self.at(now))
            let hasChanged = Bool.random(using: &random)
            now += .random(in: 0...3, using: &random)
            if hasChanged, mayWalk { walks.append(began) }
            let ended = schedule.end(
                hasChanged ? (mayWalk ? .walked : .postponed) : .unchanged,
                now: Self.at(now)
            )
            for waiter in ended.done {
                #expect(came[waiter] <= began)
                #expect(served.updateValue(now, forKey: waiter) == nil)
            }
            planned = ended.next
        }
        #expect(served.count == came.count)
        for (number, arrival) in came.enumerated() { #expect((served[number] ?? .max) - arrival <= 2000) }
        for (one, next) in zip(walks, walks.dropFirst()) { #expect(next - one >= 1000) }
    }
}
