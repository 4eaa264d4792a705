import FDLCore
import FDLPlan
import NIOCore

/// Many downloads of one file in virtual time, each with the client's own plan, from servers whose lines they share.
///
/// Lines, round trips, pipelining, the turns that a server gives its connections and what caches hold are as in the
/// world; disks, processors and lost packets are left out. A server answers whole requests in their order, and what is
/// cancelled is sent all the same.
package struct Fleet {
    enum Event {
        case begin(reader: Int)
        case ready(flow: Int)
        case refused(reader: Int, connection: Int)
        case reaches(flow: Int)
        case send(host: Int)
        case arrived(flow: Int, bytes: Int)
        case tick(reader: Int)
        case fails(host: Int)
        case broken(flow: Int)
    }

    let setup: FleetSetup
    let chunkSize: Int
    var readers: [FleetReader] = []
    var hosts: [FleetHost] = []
    var flows: [FleetFlow] = []
    var queue = EventQueue<Event>()
    var now = 0.0
    private var result = FleetResult()

    /// The host that caches fetch from.
    var origin: Int { hosts.count - 1 }

    package init(_ setup: FleetSetup) {
        self.setup = setup
        chunkSize = setup.chunkSize.bytes
        let world = FleetWorld(setup)
        hosts = world.hosts
        for number in 0..<setup.readers {
            let begin = setup.arrival * Double(number) / Double(max(1, setup.readers - 1))
            readers.append(
                FleetReader(plan: world.plan(ofReader: number), rate: setup.readerRate, begin: begin)
            )
            queue.push(.begin(reader: number), at: begin)
        }
        if let time = setup.firstServerFails { queue.push(.fails(host: 0), at: time) }
    }

    /// Runs until every reader has ended.
    package mutating func run() -> FleetResult {
        while let (time, event) = queue.pop() {
            now = time
            result.events += 1
            handle(event)
        }
        return summary()
    }

    private func summary() -> FleetResult {
        var sum = result
        let file = setup.fileBytes
        let needed = Double(setup.readers * setup.chunks)
        sum.originFiles = Double(hosts[origin].sentBytes) / file
        sum.busiestServerFiles = (hosts.prefix(setup.serverCount).map { Double($0.sentBytes) }.max() ?? 0) / file
        sum.receivedForEachByte =
            readers.reduce(0) { $0 + Double($1.received) } / (needed * Double(chunkSize))
        sum.requestsForEachChunk = Double(readers.reduce(0) { $0 + $1.requests }) / needed
        sum.failures = readers.count { $0.hasFailed || !$0.isOver }
        let times = readers.map { ($0.end ?? .infinity) - $0.begin }
        sum.slowestReader = times.max() ?? 0
        sum.meanReader = times.reduce(0, +) / Double(max(1, times.count))
        sum.time = readers.map { $0.end ?? .infinity }.max() ?? 0
        sum.connections = flows.count { if case .reader = $0.receiver { true } else { false } }
        return sum
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .begin(let reader): perform(readers[reader].plan.start(at: instant), of: reader)
        case .ready(let flow):
            guard !flows[flow].isClosed, case .reader(let reader, let connection) = flows[flow].receiver else { return }
            tell(.connected(ConnectionID(rawValue: connection)), reader)
        case .refused(let reader, let connection):
            tell(.connectionFailed(ConnectionID(rawValue: connection), .unreachable(.refused)), reader)
        case .reaches(let flow):
            flows[flow].reached += 1
            takeTurn(flow)
        case .send(let host):
            hosts[host].isSending = false
            send(host)
        case .arrived(let flow, let bytes): arrived(flow, bytes)
        case .tick(let reader): tick(reader)
        case .fails(let host): fail(host)
        case .broken(let flow):
            guard case .reader(let reader, let connection) = flows[flow].receiver else { return }
            readers[reader].flows[connection] = nil
            tell(.connectionClosed(ConnectionID(rawValue: connection), .closedEarly("gone")), reader)
        }
    }

    var instant: Duration { .microseconds(Int64(now * 1e6 + 0.5)) }

    mutating func tell(_ event: DownloadPlan.Event, _ reader: Int) {
        guard !readers[reader].isOver else { return }
        perform(readers[reader].plan.handle(event, at: instant), of: reader)
    }

    private mutating func tick(_ reader: Int) {
        readers[reader].tick = .infinity
        guard !readers[reader].isOver else { return }
        guard readers[reader].wake <= now else { return wake(reader, at: readers[reader].wake) }
        readers[reader].wake = .infinity
        tell(.tick, reader)
    }

    /// The latest wish replaces those before it. What comes too early asks again.
    private mutating func wake(_ reader: Int, at time: Double) {
        readers[reader].wake = time
        guard time < readers[reader].tick else { return }
        readers[reader].tick = time
        queue.push(.tick(reader: reader), at: time)
    }

    // MARK: - Actions

    private mutating func perform(_ actions: [DownloadPlan.Action], of reader: Int) {
        for action in actions {
            switch action {
            case .connect(let id, let source): connect(reader, id.rawValue, source.rawValue)
            case .fetch(let id, let chunks, let connection):
                fetch(reader, id.rawValue, chunks.lowerBound, connection.rawValue)
            case .revalidate(let id, let chunk, let connection): fetch(reader, id.rawValue, chunk, connection.rawValue)
            case .cancel(let id, let connection): cancel(reader, id.rawValue, connection.rawValue)
            case .disconnect(let id): disconnect(reader, id.rawValue)
            case .wake(let instant): wake(reader, at: max(now, instant / .seconds(1)))
            case .finished: finish(reader)
            case .failed:
                readers[reader].hasFailed = true
                finish(reader)
            }
        }
    }

    private mutating func connect(_ reader: Int, _ connection: Int, _ host: Int) {
        guard !hosts[host].isDown else {
            return queue.push(.refused(reader: reader, connection: connection), at: now + setup.delay)
        }
        let flow = flows.count
        flows.append(
            FleetFlow(receiver: .reader(reader, connection: connection), host: host, delay: setup.delay)
        )
        readers[reader].flows[connection] = flow
        // One round trip for TCP, one for TLS 1.3.
        queue.push(.ready(flow: flow), at: now + 2 * setup.delay)
    }

    private mutating func fetch(_ reader: Int, _ key: Int, _ chunk: Int, _ connection: Int) {
        readers[reader].requests += 1
        guard let flow = readers[reader].flows[connection] else { return }
        ask(chunk, key: key, on: flow)
    }

    mutating func ask(_ chunk: Int, key: Int, on flow: Int) {
        flows[flow].requests.append(
            FleetRequest(key: key, chunk: chunk, toSend: chunkSize, toArrive: chunkSize)
        )
        queue.push(.reaches(flow: flow), at: now + flows[flow].delay / 2)
    }

    private mutating func cancel(_ reader: Int, _ key: Int, _ connection: Int) {
        guard let flow = readers[reader].flows[connection] else { return }
        for index in flows[flow].requests.indices where flows[flow].requests[index].key == key {
            flows[flow].requests[index].isCancelled = true
        }
    }

    private mutating func disconnect(_ reader: Int, _ connection: Int) {
        guard let flow = readers[reader].flows.removeValue(forKey: connection) else { return }
        close(flow)
    }

    private mutating func finish(_ reader: Int) {
        readers[reader].end = now
        for flow in readers[reader].flows.values { close(flow) }
        readers[reader].flows = [:]
    }

    mutating func close(_ flow: Int) {
        flows[flow].isClosed = true
        flows[flow].requests = []
    }
}
