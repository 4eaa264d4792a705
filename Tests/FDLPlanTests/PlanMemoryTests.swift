import FDLCore
import Testing

@testable import FDLPlan

/// How much is asked for while the disk takes nothing.
@Suite("Memory of the plan")
struct PlanMemoryTests {
    /// Four sources of 100 MB/s together whose first byte takes `delay`, and a disk that has stopped.
    /// - Returns: how many chunks of 1 MiB are asked for in the end, of the 16 that are allowed.
    private func chunksAsked(kind: SourceKind, delay: Duration) -> Int {
        var driver = DownloadPlanTests.Driver(
            chunks: 1000,
            sources: Array(repeating: kind, count: 4),
            configuration: .init(connectionsPerSource: 1, memoryLimit: 16 << 20)
        )
        for connection in driver.connections { driver.tell(.connected(connection.id), after: .zero) }
        driver.sleep(delay)
        for fetch in driver.fetches { driver.tell(.began(fetch.id), after: .zero) }
        var next = 0
        while next < driver.fetches.count {
            let fetch = driver.fetches[next]
            for chunk in fetch.chunks {
                driver.tell(.progress(fetch.id, bytes: 1 << 20), after: .milliseconds(10))
                driver.tell(.verified(fetch.id, chunk: chunk), after: .zero)
            }
            next += 1
            if next == driver.fetches.count { driver.sleep(.seconds(1)) }
        }
        return driver.fetches.reduce(0) { $0 + $1.chunks.count }
    }

    @Test("a short path fills half of the memory", arguments: [SourceKind.worker, .mirror], [1, 9])
    func shortPath(kind: SourceKind, milliseconds: Int) {
        #expect(chunksAsked(kind: kind, delay: .milliseconds(milliseconds)) == 8)
    }

    @Test("a long path has all of it", arguments: [SourceKind.worker, .mirror])
    func longPath(kind: SourceKind) {
        #expect(chunksAsked(kind: kind, delay: .milliseconds(100)) == 16)
    }

    @Test("many connections have a chunk to work on and one to go on with, up to the limit")
    func manyConnections() {
        var driver = DownloadPlanTests.Driver(
            chunks: 1000,
            sources: Array(repeating: .worker, count: 6),
            configuration: .init(connectionsPerSource: 1, memoryLimit: 16 << 20)
        )
        driver.connectAll()
        driver.sleep(.seconds(1))
        #expect(driver.fetches.count == 12)
    }
}
