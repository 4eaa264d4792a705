import FDLCore
import Testing

@testable import FDLPlan

/// A connection that the plan gives up may have had a chunk on its way to the disk: who closes it is told a moment
/// later, and the store takes a chunk once.
@Suite("Answers that overtake their connection's end")
struct PlanLateAnswersTests {
    /// A source that turns out to lie, and an honest one.
    private func driver(
        _ order: DownloadPlan.Configuration.Order
    ) throws -> (DownloadPlanTests.Driver, late: RequestID) {
        var driver = DownloadPlanTests.Driver(
            chunks: 2,
            sources: [.worker, .worker],
            configuration: .init(connectionsPerSource: 1, order: order)
        )
        driver.connectAll()
        let late = try #require(driver.fetch(of: 0))
        // Put aside for its lie: chunk 0 is asked of the other.
        driver.tell(.failed(late, chunk: 0, .corrupt))
        driver.deliver(1)
        #expect(driver.fetch(of: 0) != late)
        return (driver, late)
    }

    @Test("a chunk stored for a request that was taken back is not waited for again")
    func storedBefore() throws {
        var (driver, late) = try driver(.any)
        driver.tell(.verified(late, chunk: 0))
        driver.tell(.stored(chunk: 0))
        #expect(!driver.finished)
        // The store has it: it says nothing the second time.
        driver.tell(.verified(try #require(driver.fetch(of: 0)), chunk: 0))
        #expect(driver.finished)
        #expect(driver.plan.memory.used == 0)
    }

    @Test("whichever of the two is written, once is enough")
    func storedBehind() throws {
        var (driver, late) = try driver(.any)
        driver.tell(.verified(late, chunk: 0))
        driver.tell(.verified(try #require(driver.fetch(of: 0)), chunk: 0))
        driver.tell(.stored(chunk: 0))
        #expect(driver.finished)
        #expect(driver.plan.memory.used == 0)
    }

    @Test("in order as well, where it may have been read already")
    func consumedBefore() throws {
        var (driver, late) = try driver(.sequential(window: 2))
        driver.tell(.verified(late, chunk: 0))
        driver.tell(.stored(chunk: 0))
        driver.tell(.consumed(chunk: 0))
        driver.tell(.verified(try #require(driver.fetch(of: 0)), chunk: 0))
        #expect(driver.finished)
    }
}
