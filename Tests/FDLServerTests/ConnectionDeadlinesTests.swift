import NIOCore
import Testing

@testable import FDLServer

@Suite("How long a connection may take")
struct ConnectionDeadlinesTests {
    static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func deadlines() -> ConnectionDeadlines { ConnectionDeadlines(limits: WorkerLimits(), now: Self.start) }

    @Test func `each phase has its time`() {
        var deadlines = deadlines()
        #expect(deadlines.deadline == Self.start + .seconds(10))
        deadlines.enter(.idle, now: Self.start + .seconds(1))
        #expect(deadlines.deadline == Self.start + .seconds(76))
        deadlines.enter(.header, now: Self.start + .seconds(2))
        #expect(deadlines.deadline == Self.start + .seconds(22))
        deadlines.enter(.answering, now: Self.start + .seconds(3))
        #expect(deadlines.deadline == Self.start + .seconds(63))
    }

    @Test func `a header that drips gets no more time, an answer that moves does`() {
        var deadlines = deadlines()
        deadlines.enter(.header, now: Self.start)
        deadlines.enter(.header, now: Self.start + .seconds(19))
        #expect(deadlines.deadline == Self.start + .seconds(20))
        deadlines.enter(.answering, now: Self.start + .seconds(19))
        deadlines.enter(.answering, now: Self.start + .seconds(50))
        #expect(deadlines.deadline == Self.start + .seconds(110))
    }
}
