import FDLCore
import Fleet
import Testing

/// Many readers at once, each with the client's own plan: what the servers send, and how long it takes.
@Suite("Many readers, simulated")
struct FleetTests {
    private func run(_ setup: FleetSetup) -> FleetResult {
        var fleet = Fleet(setup)
        let result = fleet.run()
        #expect(result.failures == 0)
        #expect(result.receivedForEachByte >= 1)
        #expect(result.receivedForEachByte <= 1.02)
        // Faster than the narrowest link nobody is.
        #expect(result.time >= setup.leastTime)
        return result
    }

    @Test("one origin sends each reader one file, as fast as its line allows")
    func origin() {
        for readers in [1, 5, 20] {
            let setup = FleetSetup(.origin, readers: readers, chunks: 200)
            let result = run(setup)
            #expect(result.originFiles <= 1.02 * Double(readers))
            #expect(result.requestsForEachChunk <= 1.02)
            #expect(result.time <= 1.1 * setup.leastTime, "\(readers): \(result.time / setup.leastTime)")
        }
    }

    @Test("three caches ask the origin for each chunk once, whoever reads", arguments: [10, 40])
    func caches(readers: Int) {
        let setup = FleetSetup(.caches(3), readers: readers, chunks: 300)
        let result = run(setup)
        print("\(readers) readers, 3 caches: origin \(result.originFiles), time \(result.time / setup.leastTime)")
        #expect(result.originFiles >= 1)
        // A reader whose own line is the narrowest takes a little from the wrong cache.
        #expect(result.originFiles <= 1.25)
        #expect(result.requestsForEachChunk <= 1.02)
        // A download of a few seconds has its beginning and its end, too.
        #expect(result.time <= 1.4 * setup.leastTime)
        var plain = setup
        plain.isRanked = false
        #expect(run(plain).originFiles > 2)
    }

    @Test("ten fragments with each chunk on two of them: found without an index")
    func fragments() {
        let setup = FleetSetup(.fragments(10, replicas: 2), readers: 10, chunks: 1000)
        let result = run(setup)
        print("10 fragments: \(result.requestsForEachChunk) requests, time \(result.time / setup.leastTime)")
        #expect(result.requestsForEachChunk <= 1.05)
        #expect(result.busiestServerFiles <= 1.3 * 10 / 10)
        #expect(result.time <= 1.1 * setup.leastTime)
        var plain = setup
        plain.isRanked = false
        plain.readers = 2
        #expect(run(plain).requestsForEachChunk > 2)
    }

    @Test("caches too small for what their readers still want ask the origin again and again")
    func smallCaches() {
        var setup = FleetSetup(.caches(3), readers: 10, chunks: 300)
        setup.arrival = 0.5 * setup.leastTime
        setup.cacheRoom = 150
        let roomy = run(setup).originFiles
        setup.cacheRoom = 10
        let tight = run(setup).originFiles
        print("10 readers one after another: origin \(roomy) with room, \(tight) without")
        #expect(roomy <= 1.1)
        #expect(tight > 3)
    }

    @Test("the share of a cache that is gone is fetched by the others")
    func failingCache() {
        var setup = FleetSetup(.caches(3), readers: 10, chunks: 300)
        setup.firstServerFails = 0.5 * setup.leastTime
        let result = run(setup)
        print("one cache of 3 gone: origin \(result.originFiles), time \(result.time / setup.leastTime)")
        #expect(result.originFiles <= 1.4)
    }

    @Test("does the same for the same seed")
    func deterministic() {
        var setup = FleetSetup(.caches(2), readers: 5, chunks: 60)
        let first = run(setup)
        #expect(run(setup) == first)
        setup.seed = 2
        #expect(run(setup) != first)
    }
}
