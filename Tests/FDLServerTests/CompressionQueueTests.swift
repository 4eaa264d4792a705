import TestSupport
import Testing

@testable import FDLServer

@Suite("What is to be compressed")
struct CompressionQueueTests {
    private typealias Queue = CompressionQueue<String, String, Int>

    private func ticket(_ joined: Queue.Joined) -> Queue.Ticket? {
        switch joined {
        case .shared(let ticket), .queued(let ticket): ticket
        case .full: nil
        }
    }

    @Test func `one job for all who ask for the same`() {
        var queue = Queue(maximumJobs: 4, maximumBytes: 100)
        guard case .queued = queue.join("a", bytes: 10, job: "A", waiter: 1),
            case .shared = queue.join("a", bytes: 10, job: "never", waiter: 2)
        else {
            Issue.record("not shared")
            return
        }
        let begun = queue.begin()
        #expect(begun?.job == "A")
        guard case .shared = queue.join("a", bytes: 10, job: "never", waiter: 3) else {
            Issue.record("begun twice")
            return
        }
        let none = queue.begin()
        #expect(none == nil)
        let waiters = queue.end("a")
        #expect(waiters.sorted() == [1, 2, 3])
        guard case .queued = queue.join("a", bytes: 10, job: "again", waiter: 4) else {
            Issue.record("not anew")
            return
        }
    }

    @Test func `a job that nobody waits for any more is dropped, unless it has begun`() throws {
        var queue = Queue(maximumJobs: 4, maximumBytes: 100)
        let joined = [
            queue.join("a", bytes: 60, job: "A", waiter: 1), queue.join("a", bytes: 60, job: "", waiter: 2),
            queue.join("b", bytes: 40, job: "B", waiter: 3),
        ].compactMap { ticket($0) }
        try #require(joined.count == 3)
        let (first, second, third) = (joined[0], joined[1], joined[2])
        let left = [queue.leave(first), queue.leave(first)]
        #expect(left == [1, nil])
        #expect(queue.waitingJobs == 2)
        _ = queue.leave(second)
        #expect(queue.waitingJobs == 1)
        // Its bytes count no longer.
        let isQueued = ticket(queue.join("c", bytes: 60, job: "C", waiter: 4)) != nil
        #expect(isQueued)
        let begun = queue.begin()
        #expect(begun?.key == "b")
        _ = queue.leave(third)
        let waiters = queue.end("b")
        #expect(waiters.isEmpty)
    }

    @Test func `jobs and bytes are bounded, and one is always taken`() {
        var queue = Queue(maximumJobs: 2, maximumBytes: 100)
        func isTaken(_ key: String, _ bytes: Int) -> Bool {
            ticket(queue.join(key, bytes: bytes, job: "", waiter: 0)) != nil
        }
        let large = isTaken("large", 1000)
        let more = isTaken("more", 1)
        #expect(large && !more)
        _ = queue.begin()
        let taken = [isTaken("a", 50), isTaken("b", 50), isTaken("c", 0)]
        #expect(taken == [true, true, false])
    }

    /// Whatever is asked for, given up and done, everyone is answered once.
    @Test(arguments: UInt64(1)...20)
    func `everyone is answered once`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = Queue(maximumJobs: 3, maximumBytes: 50)
        var open: [Int: Queue.Ticket] = [:]
        var begun: [String] = []
        for number in 0..<3000 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0..<4:
                let key = "\(Int.random(in: 0..<6, using: &random))"
                let bytes = Int.random(in: 1...30, using: &random)
                open[number] = ticket(queue.join(key, bytes: bytes, job: key, waiter: number))
            case 4:
                guard let (waiter, ticket) = open.randomElement(using: &random) else { continue }
                let left = queue.leave(ticket)
                #expect(left == waiter)
                open[waiter] = nil
            case 5, 6:
                if let (key, job) = queue.begin() {
                    #expect(key == job && !begun.contains(key))
                    begun.append(key)
                }
            default:
                guard let key = begun.popLast() else { continue }
                for waiter in queue.end(key) {
                    let ticket = open.removeValue(forKey: waiter)
                    #expect(ticket?.key == key)
                }
            }
            #expect(queue.waitingJobs <= 3)
        }
    }
}
