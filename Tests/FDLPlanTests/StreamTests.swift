import FDLCore
import FDLPlan
import Testing

/// Mirrors that answer a range with the whole file.
@Suite("Whole files from mirrors without ranges")
struct StreamTests {
    private typealias Driver = DownloadPlanTests.Driver

    private func streaming(files: [Int], sources: Int = 1) -> Driver {
        let kinds = Array(repeating: SourceKind.mirror, count: sources)
        var driver = Driver(chunks: files.reduce(0, +), sources: kinds, files: files)
        driver.connectAll()
        return driver
    }

    @Test("All of a file is asked for in ascending order on one connection")
    func ascending() {
        var driver = streaming(files: [8])
        let first = driver.fetches[0]
        driver.tell(.rangesIgnored(first.id, on: first.connection))
        driver.deliverAll()
        #expect(driver.finished)
        #expect(driver.connections.count == 1)
        let starts = driver.fetches.map(\.chunks.lowerBound)
        #expect(starts == starts.sorted())
    }

    @Test("A second source does not stream the same file")
    func onePerFile() {
        var driver = streaming(files: [8], sources: 2)
        let one = driver.fetches[0]
        driver.tell(.rangesIgnored(one.id, on: one.connection))
        let other = driver.fetches.first { $0.connection != one.connection }
        if let other { driver.tell(.rangesIgnored(other.id, on: other.connection)) }
        #expect(other.map { driver.disconnected.contains($0.connection) } == true)
        driver.deliverAll()
        #expect(driver.finished)
        #expect(driver.connections.count == 2)
    }

    @Test("Where the stream has ended, what it has not brought comes from another")
    func reopened() {
        var driver = streaming(files: [8])
        let first = driver.fetches[0]
        driver.tell(.rangesIgnored(first.id, on: first.connection))
        driver.deliver(0)
        driver.tell(.connectionClosed(first.connection, nil))
        driver.disconnected.append(first.connection)
        driver.sleep(.seconds(1))
        #expect(driver.connections.count == 2)
        driver.tell(.connected(driver.connections[1].id))
        let next = driver.fetches.last
        #expect(next?.connection == driver.connections[1].id)
        if let next { driver.tell(.rangesIgnored(next.id, on: next.connection)) }
        driver.deliverAll()
        #expect(driver.finished)
    }
}
