import FDLCore
import FDLPlan
import Testing

/// A source that was fast and gives nothing any more, at the end of a download.
@Suite("Silence at the end")
struct PlanSilenceTests {
    /// What has become of a mirror that falls silent with long requests open, beside a worker.
    private struct Scene {
        var driver: DownloadPlanTests.Driver
        let mirror: ConnectionID
        let worker: ConnectionID
        // How many of the requests have been looked at.
        private var seen = 0

        init() throws {
            driver = DownloadPlanTests.Driver(
                chunks: 400,
                sources: [.mirror, .worker],
                configuration: .init(connectionsPerSource: 1, memoryLimit: 64 << 20)
            )
            mirror = try #require(driver.connections.first { $0.source == 0 }).id
            worker = try #require(driver.connections.first { $0.source == 1 }).id
        }

        mutating func connect(_ connection: ConnectionID) { driver.tell(.connected(connection), after: .zero) }

        /// Delivers what is asked on one connection, a chunk of 1 MiB every `interval`.
        mutating func deliver(on connection: ConnectionID, every interval: Duration, runsBelow limit: Int = .max) {
            while seen < driver.fetches.count, driver.fetches[driver.fetches.count - 1].chunks.count < limit {
                let fetch = driver.fetches[seen]
                seen += 1
                guard fetch.connection == connection else { continue }
                for chunk in fetch.chunks {
                    driver.tell(.progress(fetch.id, bytes: 1 << 20), after: interval)
                    driver.tell(.verified(fetch.id, chunk: chunk), after: .zero)
                    driver.tell(.stored(chunk: chunk), after: .zero)
                }
            }
        }
    }

    @Test("its chunks are taken away after two seconds, and fetched at once", arguments: [10, 100, 1000])
    func takenAway(mebibytesPerSecond rate: Int) throws {
        var scene = try Scene()
        scene.connect(scene.mirror)
        scene.deliver(on: scene.mirror, every: .seconds(1) / rate, runsBelow: 8)
        let silent = scene.driver.now
        scene.connect(scene.worker)
        var asked = 0
        while scene.driver.disconnected.isEmpty, scene.driver.now < silent + .seconds(30) {
            // It may be taken away with the last of what the worker delivers.
            asked = scene.driver.fetches.count
            scene.deliver(on: scene.worker, every: .milliseconds(1))
            scene.driver.sleep(.milliseconds(10))
        }
        #expect(scene.driver.disconnected == [scene.mirror])
        let taken = scene.driver.now - silent
        #expect(taken > .seconds(1) && taken < .milliseconds(2400))
        let new = scene.driver.fetches[asked...].map(\.connection)
        #expect(new.contains(scene.worker), "the worker waits though there is work")
        scene.deliver(on: scene.worker, every: .milliseconds(1))
        let finished = scene.driver.finished
        #expect(finished)
    }

    /// A plan without a budget for duplicates, in which one connection has delivered all but what the other holds.
    private func waiting(sources: [SourceKind]) throws -> (driver: DownloadPlanTests.Driver, silent: ConnectionID) {
        var configuration = DownloadPlan.Configuration(connectionsPerSource: 3 - sources.count)
        configuration.hedgeShare = 0
        configuration.hedgedChunksPerSource = 0
        var driver = DownloadPlanTests.Driver(chunks: 3, sources: sources, configuration: configuration)
        // A second connection to a source is opened a little later.
        driver.sleep(.milliseconds(600))
        let silent = try #require(driver.connections.first).id
        driver.tell(.connected(silent), after: .zero)
        driver.tell(.connected(try #require(driver.connections.last).id), after: .zero)
        var next = 0
        while next < driver.fetches.count {
            let fetch = driver.fetches[next]
            next += 1
            if fetch.connection != silent { driver.deliver(fetch.chunks.lowerBound) }
        }
        return (driver, silent)
    }

    @Test("an answer that begins is a sign of life")
    func answerBegins() throws {
        var (driver, silent) = try waiting(sources: [.worker, .worker])
        let request = try #require(driver.fetches.first { $0.connection == silent }).id
        driver.sleep(.milliseconds(1800))
        driver.tell(.began(request), after: .zero)
        driver.sleep(.milliseconds(1500))
        #expect(driver.disconnected == [])
    }

    @Test("another connection of the same source has the chunk at once")
    func sibling() throws {
        var (driver, silent) = try waiting(sources: [.worker])
        let asked = driver.fetches.count
        let chunks = driver.fetches.filter { $0.connection == silent }.map(\.chunks.lowerBound)
        driver.sleep(.milliseconds(2300))
        #expect(driver.disconnected == [silent])
        let again = driver.fetches[asked...].filter { $0.connection != silent }.map(\.chunks.lowerBound)
        #expect(again.first == chunks.last)
    }
}
