import FDLCore
import FDLPlan
import Fleet

/// Plays the sources and the caller of a scheduler in virtual time, and watches over it.
///
/// Each source sends in turns on all connections that have a request, a quarter of a chunk at a time. What is
/// cancelled goes on arriving and is thrown away: the most wasteful caller allowed.
struct Simulation<Plan: Scheduler> {
    private enum Event {
        case ready(Int)
        case refused(Int, SourceError)
        case send(source: Int)
        case sent(source: Int)
        case arrived(Int, bytes: Int, connection: Int)
        case answered(Int, SourceError, connection: Int)
        case broken(connection: Int, SourceError?)
        case last(Int, number: Int, connection: Int)
        case outage(source: Int, index: Int)
        case stallCheck(connection: Int)
        case stored(Int)
        case tick(Int)
    }

    private struct Connection {
        let source: Int
        var isOpen = false
        /// Requests the source has not sent all of, in order.
        var queue: [Int] = []
        /// When its share of its own rate allows the next quantum.
        var nextSend = 0.0
        /// The client's side: what it waits for, and when it last heard anything.
        var waiting = 0
        var heardAt = 0.0
        /// How many answers have begun on it, and whether that was the last.
        var begun = 0
        var isLast = false
    }

    private struct Request {
        var chunks: Range<Int>
        let connection: Int
        let reaches: Double
        /// What the source has sent of the chunk it is at.
        var sendingChunk: Int
        var sent = 0
        /// What the client has of the chunk it is at.
        var arrivingChunk: Int
        var arrived = 0
        var isCancelled = false
        var isDone = false
        var breaksAt: Int?
        var passesCaches = false
    }

    let layout: ChunkLayout
    let memoryLimit: Int
    let sources: [SimulatedSource]
    var outcome = Outcome()
    private var plan: Plan
    private var queue = EventQueue<Event>()
    private var random: TestGenerator
    private var connections: [Int: Connection] = [:]
    private var byTurn: [[Int]]
    private var requests: [Int: Request] = [:]
    private var isSending: [Bool]
    private var wrong: [WrongAnswers]
    private var memory = 0
    private var verified: ChunkSet
    private var stored: ChunkSet
    private var asked: [Int: Int] = [:]
    private var tickNumber = 0
    private var now = 0.0
    private var isOver = false
    private let keepsTrace: Bool
    private let isSequential: Bool
    private var consumed = 0

    static var stallTimeout: Double { 10 }

    init(
        _ plan: Plan,
        layout: ChunkLayout,
        sources: [SimulatedSource],
        memoryLimit: Int,
        seed: UInt64,
        keepsTrace: Bool = false,
        isSequential: Bool = false
    ) {
        self.plan = plan
        self.layout = layout
        self.sources = sources
        self.memoryLimit = memoryLimit
        self.keepsTrace = keepsTrace
        self.isSequential = isSequential
        random = TestGenerator(seed: seed &+ 77)
        byTurn = Array(repeating: [], count: sources.count)
        isSending = Array(repeating: false, count: sources.count)
        wrong = sources.map { WrongAnswers(kind: $0.kind, rotten: $0.rotten, layout: layout) }
        verified = ChunkSet(bound: layout.chunkCount)
        stored = ChunkSet(bound: layout.chunkCount)
    }

    /// Runs until the scheduler is done, or virtual time or the number of events passes all reason.
    mutating func run(until limit: Double = 100_000) -> Outcome {
        begin()
        while nextTime != nil, step(until: limit) {}
        return end()
    }

    mutating func begin() {
        for (index, source) in sources.enumerated() {
            for (number, outage) in source.outages.enumerated() {
                queue.push(.outage(source: index, index: number), at: outage.from)
                queue.push(.send(source: index), at: outage.to)
            }
        }
        perform(plan.start(at: .zero))
    }

    /// When the next event comes; nil where the download is over.
    var nextTime: Double? { isOver ? nil : queue.nextTime }

    /// Lets the next event happen.
    /// - Returns: whether that was within all reason.
    mutating func step(until limit: Double = 100_000) -> Bool {
        guard let (time, event) = queue.pop() else { return false }
        now = time
        outcome.events += 1
        guard now < limit, outcome.events < 300_000 else {
            outcome.violations.append("does not end")
            return false
        }
        handle(event)
        return true
    }

    mutating func end() -> Outcome {
        if !isOver { outcome.violations.append("nothing left to happen, and not over") }
        outcome.time = now
        outcome.reports = (plan as? DownloadPlan)?.ledger.reports ?? []
        return outcome
    }

    // MARK: - The world

    private mutating func handle(_ event: Event) {
        switch event {
        case .ready(let id):
            guard connections[id] != nil else { return }
            connections[id]?.isOpen = true
            tell(.connected(ConnectionID(rawValue: id)))
        case .refused(let id, let error):
            guard connections[id] != nil else { return }
            forget(id)
            tell(.connectionFailed(ConnectionID(rawValue: id), error))
        case .send(let source): send(source)
        case .sent(let source):
            isSending[source] = false
            send(source)
        case .arrived(let id, let bytes, let connection): arrived(id, bytes, connection)
        case .answered(let id, let error, let connection): answered(id, error, connection)
        case .broken(let connection, let error): broken(connection, error)
        case .last(let key, let number, let connection): last(key, number, connection)
        case .outage(let source, let index): outage(source, sources[source].outages[index])
        case .stallCheck(let id): stallCheck(id)
        case .stored(let chunk):
            stored.insert(chunk)
            memory -= layout.length(ofChunk: chunk)
            tell(.stored(chunk: chunk))
            while isSequential, !isOver, stored.contains(consumed) {
                tell(.consumed(chunk: consumed))
                consumed += 1
            }
        case .tick(let number):
            if number == tickNumber { tell(.tick) }
        }
    }

    /// The source's link is free: the next connection in turn gets a quarter of a chunk.
    private mutating func send(_ index: Int) {
        guard !isSending[index], sources[index].outage(at: now) == nil else { return }
        var soonest = Double.infinity
        for _ in byTurn[index].indices {
            let id = byTurn[index].removeFirst()
            byTurn[index].append(id)
            guard let connection = connections[id], let key = connection.queue.first, let request = requests[key]
            else { continue }
            let earliest = max(request.reaches, connection.nextSend)
            guard earliest <= now else {
                soonest = min(soonest, earliest)
                continue
            }
            return sendQuantum(of: key, request, on: id, source: index)
        }
        if soonest < .infinity { queue.push(.send(source: index), at: soonest) }
    }

    private mutating func sendQuantum(of key: Int, _ request: Request, on id: Int, source index: Int) {
        let source = sources[index]
        let half = source.delay / 2
        if request.sent == 0, request.sendingChunk == request.chunks.lowerBound { begin(key, on: id, source) }
        if request.sent == 0, let error = refusal(of: request.sendingChunk, on: id, by: source) {
            connections[id]?.queue.removeFirst()
            queue.push(.answered(key, error, connection: id), at: now + half)
            if connections[id]?.isLast == true { queue.push(.broken(connection: id, nil), at: now + half) }
            queue.push(.send(source: index), at: now)
            return
        }
        if let breaksAt = request.breaksAt, request.sent >= breaksAt {
            connections[id]?.queue = []
            queue.push(.broken(connection: id, .closedEarly("in the middle")), at: now + half)
            queue.push(.send(source: index), at: now)
            return
        }
        if request.sent == 0, let ready = source.cache?.ready(request.sendingChunk, at: now), ready > now {
            connections[id]?.nextSend = ready
            queue.push(.send(source: index), at: now)
            return
        }
        let length = layout.length(ofChunk: request.sendingChunk)
        let quantum =
            source.drips
            ? 1 : min(layout.chunkSize.bytes / (source.connectionRate < .infinity ? 16 : 4), length - request.sent)
        requests[key]?.sent += quantum
        if request.sent + quantum == length {
            requests[key]?.sent = 0
            requests[key]?.sendingChunk += 1
            if request.sendingChunk + 1 == request.chunks.upperBound { connections[id]?.queue.removeFirst() }
        }
        let end = now + Double(quantum) / (source.drips ? 1 : source.rate)
        connections[id]?.nextSend = now + Double(quantum) / source.connectionRate
        isSending[index] = true
        queue.push(.arrived(key, bytes: quantum, connection: id), at: end + half)
        if connections[id]?.isLast == true, connections[id]?.queue.isEmpty == true {
            queue.push(.broken(connection: id, nil), at: end + half)
        }
        queue.push(.sent(source: index), at: end)
    }

    /// An answer begins. What is asked behind the last of a connection is never answered, and may break it off.
    private mutating func begin(_ key: Int, on id: Int, _ source: SimulatedSource) {
        guard let limit = source.answersPerConnection, let connection = connections[id] else { return }
        connections[id]?.begun += 1
        guard connection.begun + 1 == limit else { return }
        connections[id]?.isLast = true
        connections[id]?.queue = [key]
        guard source.announcesLast else { return }
        queue.push(.last(key, number: limit, connection: id), at: now + source.delay / 2)
        let quarter = layout.chunkSize.bytes / 4
        if connection.queue.count > 1, random.chance(0.5) { requests[key]?.breaksAt = quarter }
    }

    private func isRationed(_ id: Int, by source: SimulatedSource) -> Bool {
        guard let limit = source.connectionLimit, let index = connections[id]?.source else { return false }
        let busy = byTurn[index].count { other in
            guard other != id, let key = connections[other]?.queue.first, let request = requests[key] else {
                return false
            }
            return request.sent > 0 || request.sendingChunk > request.chunks.lowerBound
        }
        return busy >= limit
    }

    private mutating func last(_ key: Int, _ number: Int, _ id: Int) {
        guard connections[id] != nil else { return }
        for (other, request) in requests where request.connection == id && other != key && !request.isDone {
            end(other, from: request.arrivingChunk)
        }
        tell(.lastAnswer(RequestID(rawValue: key), number: number, on: ConnectionID(rawValue: id)))
    }

    private mutating func refusal(of chunk: Int, on id: Int, by source: SimulatedSource) -> SourceError? {
        if isRationed(id, by: source) { return .status(503, retryAfter: source.retryAfter) }
        if let holdings = source.holdings, !holdings.contains(chunk) { return .lacking }
        if random.chance(source.busy) { return .status(503, retryAfter: source.retryAfter) }
        if random.chance(source.nonsense) { return .protocolViolation("nonsense") }
        return nil
    }

    private mutating func outage(_ index: Int, _ outage: SimulatedSource.Outage) {
        guard !outage.isSilent else { return }
        for id in byTurn[index] where connections[id]?.isOpen == true {
            queue.push(.broken(connection: id, .closedEarly("gone")), at: now + sources[index].delay / 2)
        }
    }

    // MARK: - The caller

    private mutating func arrived(_ key: Int, _ bytes: Int, _ id: Int) {
        guard var request = requests[key], connections[id] != nil else { return }
        guard sources[connections[id]?.source ?? 0].outage(at: now)?.isSilent != true else {
            // Lost on the way, and sent again when the path is back.
            let back = sources[connections[id]?.source ?? 0].outage(at: now)?.to ?? now
            queue.push(.arrived(key, bytes: bytes, connection: id), at: back + 0.001)
            return
        }
        connections[id]?.heardAt = now
        if request.isCancelled { outcome.refetched += bytes }
        request.arrived += bytes
        let chunk = request.arrivingChunk
        let isWhole = request.arrived == layout.length(ofChunk: chunk)
        if isWhole {
            request.arrived = 0
            request.arrivingChunk += 1
            if request.arrivingChunk == request.chunks.upperBound {
                request.isDone = true
                connections[id]?.waiting -= 1
            }
        }
        requests[key] = request
        guard !request.isCancelled else { return }
        tell(.progress(RequestID(rawValue: key), bytes: bytes))
        if isWhole { complete(key, chunk, id) }
    }

    private mutating func complete(_ key: Int, _ chunk: Int, _ id: Int) {
        guard !isOver, requests[key]?.isCancelled == false, let source = connections[id]?.source else { return }
        release(chunk, of: key, isKept: true)
        if wrong[source].takes(chunk, pastCaches: requests[key]?.passesCaches == true)
            || sources[source].persistent.contains(chunk) || random.chance(sources[source].corruption)
        {
            outcome.wrongAnswers += 1
            wrong[source].add(chunk)
            end(key, from: chunk)
            memory -= layout.length(ofChunk: chunk)
            tell(.failed(RequestID(rawValue: key), chunk: chunk, .corrupt))
            return
        }
        if verified.insert(chunk) {
            queue.push(.stored(chunk), at: now + 0.001)
        } else {
            outcome.refetched += layout.length(ofChunk: chunk)
            memory -= layout.length(ofChunk: chunk)
        }
        tell(.verified(RequestID(rawValue: key), chunk: chunk))
    }

    private mutating func answered(_ key: Int, _ error: SourceError, _ id: Int) {
        guard let request = requests[key], connections[id] != nil else { return }
        connections[id]?.heardAt = now
        connections[id]?.waiting -= 1
        guard !request.isCancelled else { return }
        end(key, from: request.arrivingChunk)
        tell(.failed(RequestID(rawValue: key), chunk: request.arrivingChunk, error))
    }

    private mutating func broken(_ id: Int, _ error: SourceError?) {
        guard connections[id] != nil else { return }
        forget(id)
        tell(.connectionClosed(ConnectionID(rawValue: id), error))
    }

    private mutating func stallCheck(_ id: Int) {
        guard let connection = connections[id], connection.waiting > 0 else { return }
        if now - connection.heardAt >= Self.stallTimeout - 0.001 {
            broken(id, .timeout("no byte"))
        } else {
            queue.push(.stallCheck(connection: id), at: connection.heardAt + Self.stallTimeout)
        }
    }

    // MARK: - Actions

    private mutating func tell(_ event: DownloadPlan.Event) {
        guard !isOver else { return }
        perform(plan.handle(event, at: .microseconds(Int64(now * 1e6 + 0.5))))
    }

    private mutating func perform(_ actions: [DownloadPlan.Action]) {
        for action in actions {
            if isOver { outcome.violations.append("\(action) after the end") }
            switch action {
            case .connect(let id, let source): connect(id.rawValue, source.rawValue)
            case .fetch(let id, let chunks, let connection):
                fetch(id.rawValue, chunks, connection.rawValue, pastCaches: false)
            case .revalidate(let id, let chunk, let connection):
                fetch(id.rawValue, chunk..<(chunk + 1), connection.rawValue, pastCaches: true)
            case .cancel(let id, _): cancel(id.rawValue)
            case .disconnect(let id):
                if connections[id.rawValue] == nil { outcome.violations.append("disconnects what is not connected") }
                forget(id.rawValue)
            case .wake(let instant):
                tickNumber += 1
                queue.push(.tick(tickNumber), at: max(now, instant / .seconds(1)))
            case .finished:
                isOver = true
                outcome.finished = true
                if stored.count != layout.chunkCount { outcome.violations.append("finished with chunks missing") }
            case .failed(let failure):
                isOver = true
                outcome.failure = failure
                if failure.chunksMissing != layout.chunkCount - verified.count {
                    outcome.violations.append("miscounts what is lacking")
                }
            }
        }
    }

    private mutating func connect(_ id: Int, _ index: Int) {
        if wrong[index].isEnded { outcome.violations.append("connects to a quarantined source") }
        let source = sources[index]
        connections[id] = Connection(source: index)
        byTurn[index].append(id)
        outcome.connectionsOpened += 1
        outcome.mostConnections = max(outcome.mostConnections, connections.count)
        if let refusal = source.refusal {
            queue.push(.refused(id, refusal), at: now + source.delay)
        } else if let outage = source.outage(at: now) {
            let error = outage.isSilent ? SourceError.timeout("connect") : .unreachable(.refused)
            queue.push(.refused(id, error), at: now + (outage.isSilent ? 5 : source.delay))
        } else {
            // One round trip for TCP, one for TLS 1.3.
            queue.push(.ready(id), at: now + 2 * source.delay)
        }
    }

    private mutating func fetch(_ key: Int, _ chunks: Range<Int>, _ id: Int, pastCaches: Bool) {
        outcome.fetches += 1
        if keepsTrace { outcome.trace += [key, chunks.lowerBound, chunks.upperBound, id] }
        guard let connection = connections[id], connection.isOpen else {
            outcome.violations.append("asks on a connection that is not open")
            return
        }
        let source = sources[connection.source]
        outcome.violations += wrong[connection.source].violations(asking: chunks, pastCaches: pastCaches)
        if chunks.isEmpty || source.kind == .worker && chunks.count > 1 {
            outcome.violations.append("asks a worker for several chunks at once")
        }
        if let first = chunks.first, let last = chunks.last, layout.file(ofChunk: first) != layout.file(ofChunk: last) {
            outcome.violations.append("asks for a range over two files")
        }
        for chunk in chunks {
            asked[chunk, default: 0] += 1
            memory += layout.length(ofChunk: chunk)
            if verified.contains(chunk) { outcome.violations.append("asks for a chunk it has") }
            if asked[chunk, default: 0] > 2 { outcome.violations.append("asks three at once for one chunk") }
        }
        outcome.largestMemory = max(outcome.largestMemory, memory)
        if memory > memoryLimit { outcome.violations.append("exceeds its memory: \(memory)") }
        var request = Request(
            chunks: chunks,
            connection: id,
            reaches: now + source.delay / 2,
            sendingChunk: chunks.lowerBound,
            arrivingChunk: chunks.lowerBound,
            passesCaches: pastCaches
        )
        if random.chance(source.breaks) { request.breaksAt = layout.chunkSize.bytes / 4 }
        requests[key] = request
        if !connection.isLast { connections[id]?.queue.append(key) }
        if connection.waiting == 0 {
            connections[id]?.heardAt = now
            queue.push(.stallCheck(connection: id), at: now + Self.stallTimeout)
        }
        connections[id]?.waiting += 1
        queue.push(.send(source: connection.source), at: request.reaches)
    }

    private mutating func cancel(_ key: Int) {
        guard let request = requests[key] else { return outcome.violations.append("cancels what was not asked") }
        outcome.refetched += request.arrived
        end(key, from: request.arrivingChunk)
        requests[key]?.isCancelled = true
    }

    /// The request is over: what it held is free, from `chunk` on.
    private mutating func end(_ key: Int, from chunk: Int) {
        guard let request = requests[key], !request.isCancelled else { return }
        let released = request.arrivingChunk
        for chunk in max(chunk, released)..<max(request.chunks.upperBound, max(chunk, released)) {
            release(chunk, of: key, isKept: false)
        }
        requests[key]?.isCancelled = true
    }

    private mutating func release(_ chunk: Int, of key: Int, isKept: Bool) {
        asked[chunk, default: 1] -= 1
        if !isKept { memory -= layout.length(ofChunk: chunk) }
    }

    private mutating func forget(_ id: Int) {
        guard let connection = connections.removeValue(forKey: id) else { return }
        byTurn[connection.source].removeAll { $0 == id }
        for (key, request) in requests where request.connection == id {
            if !request.isCancelled, !request.isDone { end(key, from: request.arrivingChunk) }
            requests[key] = nil
        }
    }
}
