import FDLCore
import Testing

@testable import FDLPlan

@Suite("The agenda")
struct AgendaTests {
    private var agenda = Agenda()

    @Test("time does not go back")
    mutating func time() {
        agenda.advance(to: .milliseconds(1500))
        #expect(agenda.now == 1.5)
        agenda.advance(to: .seconds(1))
        #expect(agenda.now == 1.5)
    }

    @Test("asks for a tick at a whole millisecond, after the time wanted and after now")
    mutating func wake() {
        agenda.advance(to: .seconds(1))
        agenda.wake(at: 2.0005)
        agenda.wake(at: 0.5)
        #expect(agenda.takeActions() == [.wake(at: .milliseconds(2001)), .wake(at: .milliseconds(1001))])
    }

    @Test("asks for no tick beyond the one that comes, until it has come")
    mutating func wakeOnce() {
        agenda.advance(to: .zero)
        agenda.wake(at: 1)
        agenda.wake(at: 1)
        agenda.wake(at: 3)
        #expect(agenda.takeActions() == [.wake(at: .milliseconds(1001))])
        agenda.woken()
        agenda.wake(at: 3)
        #expect(agenda.takeActions() == [.wake(at: .milliseconds(3001))])
    }

    @Test("actions are taken once, in order, the last of all at the end")
    mutating func actions() {
        agenda.act(.disconnect(ConnectionID(rawValue: 1)))
        #expect(!agenda.isOver)
        agenda.end(.finished)
        #expect(agenda.isOver)
        #expect(agenda.takeActions() == [.disconnect(ConnectionID(rawValue: 1)), .finished])
        #expect(agenda.takeActions().isEmpty)
    }

    @Test("what is worth looking at stays so until it is cleared")
    mutating func concerns() {
        agenda.add(.memory)
        agenda.add(.work)
        agenda.add(.work)
        #expect(agenda.concerns == [.memory, .work])
        agenda.clear(.work)
        agenda.clear(.idle)
        #expect(agenda.concerns == .memory)
        agenda.add(.all)
        #expect(agenda.concerns == [.memory, .work, .connections, .idle])
        agenda.clear(.all)
        #expect(agenda.concerns.isEmpty)
    }

    /// The tick that is due never comes later than the earliest time wanted, and comes after both that and now.
    @Test("wakes in time", arguments: 0..<20)
    mutating func inTime(seed: Int) {
        var random = TestGenerator(seed: UInt64(seed))
        var time = Duration.zero
        var wanted = Double.infinity
        var due: Double?
        for _ in 0..<200 {
            time += .microseconds(Int64.random(in: 0...300_000, using: &random))
            agenda.advance(to: time)
            if let instant = due, agenda.now >= instant {
                agenda.woken()
                wanted = .infinity
                due = nil
            }
            let next = agenda.now + random.unit() - 0.2
            wanted = min(wanted, next)
            agenda.wake(at: next)
            for action in agenda.takeActions() {
                guard case .wake(let instant) = action else { continue }
                due = instant / .seconds(1)
                #expect((due ?? 0) > agenda.now)
            }
            #expect((due ?? 0) >= wanted - 1e-9)
            #expect((due ?? .infinity) <= max(wanted, agenda.now) + 0.0011)
        }
    }
}
