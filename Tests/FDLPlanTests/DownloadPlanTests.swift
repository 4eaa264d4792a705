import FDLCore
import FDLPlan
import Testing

/// Single rules of the plan, each with as few events as show it.
@Suite("DownloadPlan")
struct DownloadPlanTests {
    /// A plan with its caller's side at hand.
    struct Driver {
        var plan: DownloadPlan
        var now = Duration.zero
        var connections: [(id: ConnectionID, source: Int)] = []
        var fetches: [(id: RequestID, chunks: Range<Int>, connection: ConnectionID)] = []
        var disconnected: [ConnectionID] = []
        var cancelled: [RequestID] = []
        var revalidated: [Int] = []
        var wake: Duration?
        var finished = false
        var failure: DownloadFailure?

        init(
            chunks: Int,
            sources: [SourceKind],
            files: [Int]? = nil,
            configuration: DownloadPlan.Configuration = .init(connectionsPerSource: 1)
        ) {
            plan = DownloadPlan(
                layout: ChunkLayout(
                    chunkSize: .standard(totalBytes: 0),
                    fileSizes: (files ?? [chunks]).map { Int64($0) << 20 }
                ),
                missing: ChunkSet(bound: chunks, filled: true),
                sources: sources,
                configuration: configuration,
                seed: 1
            )
            take(plan.start(at: .zero))
        }

        mutating func tell(_ event: DownloadPlan.Event, after delay: Duration = .milliseconds(10)) {
            now += delay
            take(plan.handle(event, at: now))
        }

        /// Lets time pass, tick by tick.
        mutating func sleep(_ duration: Duration) {
            let end = now + duration
            while let next = wake, next <= end {
                wake = nil
                now = max(now, next)
                take(plan.handle(.tick, at: now))
            }
            now = max(now, end)
        }

        mutating func connectAll() { for connection in connections { tell(.connected(connection.id)) } }

        /// The newest request for a chunk.
        func fetch(of chunk: Int) -> RequestID? { fetches.last { $0.chunks.contains(chunk) }?.id }

        func source(of chunk: Int) -> Int? {
            let connection = fetches.last { $0.chunks.contains(chunk) }?.connection
            return connections.first { $0.id == connection }?.source
        }

        mutating func deliver(_ chunk: Int) {
            guard let request = fetch(of: chunk) else { return }
            tell(.verified(request, chunk: chunk))
            tell(.stored(chunk: chunk))
        }

        /// Delivers whatever is asked for until nothing is.
        mutating func deliverAll() {
            var next = 0
            var seen = Set<Int>()
            while next < fetches.count {
                let fetch = fetches[next]
                next += 1
                guard !disconnected.contains(fetch.connection), !cancelled.contains(fetch.id) else { continue }
                for chunk in fetch.chunks where seen.insert(chunk).inserted {
                    tell(.verified(fetch.id, chunk: chunk))
                    tell(.stored(chunk: chunk))
                }
            }
        }

        private mutating func take(_ actions: [DownloadPlan.Action]) {
            for action in actions {
                switch action {
                case .connect(let id, let source): connections.append((id, source.rawValue))
                case .fetch(let id, let chunks, let connection): fetches.append((id, chunks, connection))
                case .revalidate(let id, let chunk, let connection):
                    fetches.append((id, chunk..<(chunk + 1), connection))
                    revalidated.append(chunk)
                case .cancel(let id, _): cancelled.append(id)
                case .disconnect(let id): disconnected.append(id)
                case .wake(let instant): wake = instant
                case .finished: finished = true
                case .failed(let failure): self.failure = failure
                }
            }
        }
    }

    @Test("asks a worker for one chunk at a time and finishes when all are stored")
    func smallest() {
        var driver = Driver(chunks: 3, sources: [.worker])
        driver.connectAll()
        for chunk in 0..<3 {
            #expect(!driver.finished)
            driver.deliver(chunk)
        }
        #expect(driver.finished)
        #expect(driver.fetches.allSatisfy { $0.chunks.count == 1 })
        #expect(driver.plan.ledger.reports[0].chunks == 3)
        #expect(driver.plan.ledger.reports[0].bytes == 3 << 20)
    }

    @Test("has nothing to do where nothing is missing")
    func empty() {
        var driver = Driver(chunks: 0, sources: [.worker], files: [0])
        #expect(driver.finished)
        #expect(driver.connections.isEmpty)
        driver.tell(.tick)
        #expect(driver.failure == nil)
    }

    @Test("fails at once where there are no sources")
    func noSources() {
        let driver = Driver(chunks: 2, sources: [])
        #expect(driver.failure == DownloadFailure(chunksMissing: 2, firstChunkMissing: 0, reports: []))
        #expect(driver.failure?.exitCode == .noSource)
    }

    @Test("asks another source first for a chunk that failed, and the same one when its pause is over")
    func exclusion() throws {
        var driver = Driver(chunks: 1, sources: [.worker, .worker])
        driver.connectAll()
        let first = try #require(driver.source(of: 0))
        driver.tell(.failed(try #require(driver.fetch(of: 0)), chunk: 0, .status(500, retryAfter: nil)))
        #expect(driver.fetches.count == 2)
        #expect(driver.source(of: 0) == 1 - first)
        driver.tell(.failed(try #require(driver.fetch(of: 0)), chunk: 0, .status(500, retryAfter: nil)))
        #expect(driver.fetches.count == 2)
        driver.sleep(.seconds(2))
        #expect(driver.fetches.count == 3)
        driver.deliver(0)
        #expect(driver.finished)
        #expect(driver.plan.ledger.reports.map(\.failed) == [1, 1])
    }

    @Test("puts a liar aside at its second wrong chunk, takes back what it was asked for, and never asks it again")
    func liar() throws {
        var driver = Driver(chunks: 20, sources: [.worker, .worker])
        driver.connectAll()
        let bad = driver.fetches.filter { driver.source(of: $0.chunks.lowerBound) == 0 }
        #expect(bad.count > 1)
        driver.tell(.failed(bad[0].id, chunk: bad[0].chunks.lowerBound, .corrupt))
        #expect(driver.disconnected.isEmpty)
        driver.tell(.failed(bad[1].id, chunk: bad[1].chunks.lowerBound, .corrupt))
        #expect(driver.disconnected == [bad[0].connection])
        #expect(driver.plan.ledger.reports[0].state == .quarantined)
        #expect(driver.plan.ledger.reports[0].corrupt == 2)
        let asked = driver.fetches.count
        driver.deliverAll()
        #expect(driver.finished == true)
        #expect(driver.fetches[asked...].allSatisfy { $0.connection != bad[0].connection })
        #expect(driver.connections.count(where: { $0.source == 0 }) == 1)
    }

    @Test("exit codes say what it came down to")
    func causes() throws {
        var driver = Driver(chunks: 1, sources: [.worker, .worker])
        for connection in driver.connections {
            driver.tell(.connectionFailed(connection.id, .tls(.certificateExpired)))
        }
        #expect(driver.failure?.cause == .access)
        #expect(driver.failure?.exitCode == .tls)
        #expect(driver.failure?.reports.map(\.state) == [.unusable, .unusable])

        driver = Driver(chunks: 1, sources: [.worker, .worker])
        driver.connectAll()
        // Each one twice: past its caches, when no other source is left.
        for _ in 0..<4 { driver.tell(.failed(try #require(driver.fetch(of: 0)), chunk: 0, .corrupt)) }
        #expect(driver.revalidated == [0, 0])
        #expect(driver.failure?.exitCode == .integrity)

        driver = Driver(chunks: 1, sources: [.worker, .worker])
        driver.connectAll()
        driver.tell(.failed(try #require(driver.fetch(of: 0)), chunk: 0, .corrupt))
        driver.tell(.failed(try #require(driver.fetch(of: 0)), chunk: 0, .lacking))
        driver.tell(.failed(try #require(driver.fetch(of: 0)), chunk: 0, .corrupt))
        #expect(driver.failure?.cause == .unavailable)
        #expect(driver.failure?.exitCode == .noSource)
    }

    @Test("a chunk a source lacks costs it nothing and is not asked of it again")
    func missing() throws {
        var driver = Driver(chunks: 4, sources: [.worker])
        driver.connectAll()
        driver.tell(.failed(try #require(driver.fetch(of: 0)), chunk: 0, .lacking))
        #expect(driver.disconnected.isEmpty)
        for chunk in 1..<4 { driver.deliver(chunk) }
        let failure = try #require(driver.failure)
        #expect(failure.chunksMissing == 1)
        #expect(failure.firstChunkMissing == 0)
        #expect(failure.reports[0].lacked == 1)
        #expect(failure.reports[0].failed == 0)
        #expect(failure.reports[0].chunks == 3)
        #expect(driver.fetches.count(where: { $0.chunks.contains(0) }) == 1)
    }

    @Test("a mirror that lacks a file is not asked for another chunk of it")
    func missingFile() throws {
        var driver = Driver(chunks: 8, sources: [.mirror], files: [4, 4])
        driver.connectAll()
        driver.tell(.failed(try #require(driver.fetch(of: 0)), chunk: 0, .lacking))
        var next = 1
        while next < driver.fetches.count {
            driver.tell(.failed(driver.fetches[next].id, chunk: driver.fetches[next].chunks.lowerBound, .lacking))
            next += 1
        }
        #expect(driver.failure?.chunksMissing == 8)
        // What was under way when the answer came, and nothing more of that file.
        #expect(Set(driver.fetches.flatMap(\.chunks)).isDisjoint(with: [2, 3]))
    }

    @Test("a refused chunk is one that the source lacks, until sixteen in a row are")
    func refused() throws {
        var driver = Driver(chunks: 40, sources: [.worker])
        driver.connectAll()
        for chunk in 0..<15 {
            driver.tell(.failed(try #require(driver.fetch(of: chunk)), chunk: chunk, .forbidden(403)))
        }
        driver.deliver(15)
        for chunk in 16..<31 {
            driver.tell(.failed(try #require(driver.fetch(of: chunk)), chunk: chunk, .forbidden(403)))
        }
        #expect(driver.plan.ledger.reports[0].lacked == 30)
        #expect(driver.plan.ledger.reports[0].failed == 0)
        #expect(driver.failure == nil)
        driver.tell(.failed(try #require(driver.fetch(of: 31)), chunk: 31, .forbidden(403)))
        #expect(driver.failure?.reports.map(\.state) == [.unusable])
        #expect(driver.failure?.chunksMissing == 39)
    }

    @Test("a login wanted ends a source at once; one that refuses the little there is has no access either")
    func access() throws {
        var driver = Driver(chunks: 4, sources: [.worker])
        driver.connectAll()
        driver.tell(.failed(try #require(driver.fetch(of: 0)), chunk: 0, .forbidden(401)))
        #expect(driver.failure?.reports.map(\.state) == [.unusable])

        driver = Driver(chunks: 1, sources: [.worker])
        driver.connectAll()
        driver.tell(.failed(try #require(driver.fetch(of: 0)), chunk: 0, .forbidden(403)))
        #expect(driver.failure?.exitCode == .tls)
    }

    @Test("asks for the rarest chunk first")
    func rarest() throws {
        var driver = Driver(chunks: 30, sources: [.worker, .worker, .worker])
        driver.tell(.connected(driver.connections[0].id))
        let chunk = try #require(driver.fetches.last?.chunks.lowerBound)
        driver.tell(.failed(try #require(driver.fetch(of: chunk)), chunk: chunk, .lacking))
        driver.tell(.connected(driver.connections[1].id))
        #expect(driver.source(of: chunk) == 1)
    }

    @Test("honours Retry-After up to the cap")
    func retryAfter() throws {
        for (asked, least, most) in [(3, 3.0, 4.0), (99_999_999, 10.0, 11.0)] {
            var driver = Driver(chunks: 1, sources: [.worker])
            driver.connectAll()
            let error = SourceError.status(503, retryAfter: .seconds(asked))
            driver.tell(.failed(try #require(driver.fetch(of: 0)), chunk: 0, error))
            guard case .waiting = driver.plan.ledger.reports[0].state else {
                Issue.record("does not wait")
                continue
            }
            driver.sleep(.seconds(least - 0.1))
            #expect(driver.fetches.count == 1)
            driver.sleep(.seconds(most - least + 0.1))
            #expect(driver.fetches.count == 2)
        }
    }

    @Test("gives up soon where nobody has ever answered, and after a minute where somebody has")
    func patience() {
        for (isContact, least, most) in [(false, 10, 25), (true, 60, 90)] {
            var driver = Driver(chunks: 1, sources: [.worker])
            var answered = 0
            if isContact {
                driver.connectAll()
                driver.tell(.connectionClosed(driver.connections[0].id, .closedEarly("reset")))
                answered = 1
            }
            while driver.failure == nil, driver.now < .seconds(1000) {
                if answered < driver.connections.count {
                    driver.tell(.connectionFailed(driver.connections[answered].id, .unreachable(.refused)))
                    answered += 1
                } else {
                    driver.sleep(.milliseconds(100))
                }
            }
            #expect(driver.failure?.reports[0].state == .givenUp)
            #expect(driver.now >= .seconds(least) && driver.now <= .seconds(most), "\(driver.now)")
        }
    }

    @Test("is not kept going by servers that answer 503, close, and let us in again")
    func busyForEver() {
        var driver = Driver(chunks: 1, sources: [.worker, .worker], configuration: .init())
        var seen = 0
        var asked = 0
        while driver.failure == nil, driver.now < .seconds(10_000) {
            while seen < driver.connections.count {
                driver.tell(.connected(driver.connections[seen].id))
                seen += 1
            }
            while asked < driver.fetches.count {
                let fetch = driver.fetches[asked]
                asked += 1
                driver.tell(.failed(fetch.id, chunk: 0, .status(503, retryAfter: nil)))
                for connection in driver.connections { driver.tell(.connectionClosed(connection.id, nil)) }
            }
            driver.sleep(.milliseconds(500))
        }
        #expect(driver.failure?.reports.map(\.state) == [.givenUp, .givenUp])
    }

    @Test("forgives a few broken answers, not many")
    func strikes() throws {
        var driver = Driver(chunks: 10, sources: [.worker])
        driver.connectAll()
        var failures = 0
        while driver.failure == nil, failures < 20 {
            if let connection = driver.connections.last, !driver.disconnected.contains(connection.id) {
                driver.tell(.connected(connection.id))
                driver.tell(.failed(try #require(driver.fetches.last).id, chunk: 0, .protocolViolation("no range")))
                failures += 1
            }
            driver.sleep(.seconds(1))
        }
        #expect(failures == 4)
        #expect(driver.failure?.reports[0].state == .quarantined)
        #expect(driver.failure?.reports[0].lastError == .protocolViolation("no range"))
    }

    @Test("asks for a late chunk a second time at the end; the first answer wins, the other is cancelled")
    func hedging() throws {
        var driver = Driver(chunks: 2, sources: [.worker, .worker])
        driver.connectAll()
        #expect(driver.fetches.count == 2)
        driver.tell(.progress(try #require(driver.fetch(of: 0)), bytes: 1000), after: .milliseconds(100))
        let late = try #require(driver.fetch(of: 1))
        for _ in 0..<5 {
            driver.tell(.progress(try #require(driver.fetch(of: 0)), bytes: 200_000), after: .milliseconds(20))
        }
        driver.deliver(0)
        driver.sleep(.seconds(1))
        let second = try #require(driver.fetch(of: 1))
        #expect(second != late)
        driver.deliver(1)
        #expect(driver.cancelled == [late] || !driver.disconnected.isEmpty)
        #expect(driver.finished)
        #expect(driver.plan.ledger.reports.map(\.chunks) == [2, 0])
    }

    @Test("never asks for more than its memory holds")
    func memory() {
        var driver = Driver(
            chunks: 50,
            sources: [.worker, .worker],
            configuration: .init(connectionsPerSource: 1, memoryLimit: 3 << 20)
        )
        driver.connectAll()
        driver.sleep(.seconds(5))
        #expect(driver.fetches.count == 3)
        // Verified is not stored: the memory is still in use.
        driver.tell(.verified(driver.fetches[0].id, chunk: driver.fetches[0].chunks.lowerBound))
        driver.sleep(.seconds(5))
        #expect(driver.fetches.count == 3)
        driver.tell(.stored(chunk: driver.fetches[0].chunks.lowerBound))
        #expect(driver.fetches.count == 4)
    }

    @Test("has room for one chunk whatever the limit")
    func leastMemory() {
        var driver = Driver(chunks: 2, sources: [.worker], configuration: .init(memoryLimit: 0))
        driver.connectAll()
        #expect(driver.fetches.count == 1)
        driver.deliver(0)
        driver.deliver(1)
        #expect(driver.finished)
    }

    @Test("in order, keeps to the window")
    func window() {
        var driver = Driver(
            chunks: 20,
            sources: [.worker, .worker, .worker],
            configuration: .init(connectionsPerSource: 1, order: .sequential(window: 3))
        )
        driver.connectAll()
        driver.sleep(.seconds(1))
        #expect(Set(driver.fetches.flatMap(\.chunks)) == [0, 1, 2])
        driver.deliver(1)
        driver.deliver(2)
        driver.sleep(.seconds(1))
        #expect(driver.fetches.allSatisfy { $0.chunks.upperBound <= 3 })
        driver.deliver(0)
        #expect(driver.fetches.allSatisfy { $0.chunks.upperBound <= 3 })
        for chunk in 0..<20 {
            driver.tell(.consumed(chunk: chunk))
            #expect(driver.fetches.allSatisfy { $0.chunks.upperBound <= chunk + 4 })
            if chunk < 17 { driver.deliver(chunk + 3) }
        }
        #expect(driver.finished)
    }

    @Test("asks a mirror for several chunks of one file at once when it is known to be fast")
    func mirrorRuns() {
        var driver = Driver(chunks: 1000, sources: [.mirror], files: [600, 400])
        driver.connectAll()
        for step in 0..<60 {
            guard let fetch = driver.fetches.first(where: { $0.chunks.contains(step) }) else { break }
            driver.tell(.progress(fetch.id, bytes: 1 << 20), after: .milliseconds(10))
            driver.tell(.verified(fetch.id, chunk: step), after: .milliseconds(1))
            driver.tell(.stored(chunk: step), after: .milliseconds(1))
        }
        let longest = driver.fetches.map(\.chunks.count).max() ?? 0
        #expect(longest > 1)
        #expect(longest <= 8)
        #expect(driver.fetches.allSatisfy { $0.chunks.upperBound <= 600 || $0.chunks.lowerBound >= 600 })
    }

    @Test("ignores events of what it has let go")
    func staleEvents() throws {
        var driver = Driver(chunks: 2, sources: [.worker])
        driver.connectAll()
        let first = try #require(driver.fetch(of: 0))
        driver.deliver(0)
        driver.tell(.verified(first, chunk: 0))
        driver.tell(.progress(first, bytes: 5))
        driver.tell(.failed(first, chunk: 0, .corrupt))
        driver.tell(.stored(chunk: 0))
        driver.tell(.stored(chunk: 1))
        driver.tell(.connectionClosed(ConnectionID(rawValue: 99), .tls(.notTLS)))
        driver.tell(.connected(ConnectionID(rawValue: -1)))
        #expect(driver.plan.ledger.reports[0].corrupt == 0)
        #expect(!driver.finished)
        driver.deliver(1)
        #expect(driver.finished)
    }
}
