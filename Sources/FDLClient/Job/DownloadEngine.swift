import FDLCore
import FDLPlan
import FDLSystem
import NIOCore
import NIOPosix

/// Where verified chunks go.
enum ChunkDestination: Sendable {
    case store(ChunkStore)
    case stream(StreamOutput)

    /// How many descriptors the destination may open while chunks arrive.
    var descriptors: Int {
        switch self {
        case .store(let store): 2 * store.openFileLimit
        case .stream: 0
        }
    }

    /// How many threads may write at once. A stream is written in order.
    var writers: Int {
        switch self {
        case .store(let store): store.usesPageCache ? 1 : OutputFile.writers
        case .stream: 1
        }
    }
}

/// Drives a `DownloadPlan` with real connections. Confined to one event loop, on which the plan gets every event in
/// order. Connections and writers run on other threads and post their events to that loop.
final class DownloadEngine {
    let loop: any EventLoop
    let connector: SourceConnector
    private let destination: ChunkDestination
    private let writer: NIOThreadPool
    let report: @Sendable (DownloadEvent) -> Void
    private let promise: EventLoopPromise<Outcome>
    private let started = NIODeadline.now()

    private var run = Run.waiting
    var plan: DownloadPlan
    private var connected: [ConnectionID: FetchConnection] = [:]
    /// What each connection is to be told once the events at hand are dealt with.
    private var commands: [ConnectionID: [FetchCommand]] = [:]
    /// Connections that the plan disconnected before they were ready.
    private var abandoned: Set<ConnectionID> = []
    private var wakeUp: Scheduled<Void>?
    var progressTimer: Scheduled<Void>?
    private(set) var count: FetchCount
    var troubles = Troubles()
    private var corruptTold: [Int]
    private var droppedTold: [Bool]

    private enum Run {
        case waiting
        /// The sink refers back to the engine, so the end of the run releases it to break the cycle.
        case running(FetchSink)
        case over
    }

    /// Why a run is over.
    private enum End {
        /// Everything is stored.
        case finished
        /// No source can give some of the chunks.
        case exhausted(DownloadFailure)
        /// Stopped for a reason that has nothing to do with the sources.
        case stopped(Failure)
    }

    /// The result of a run that finished.
    struct Outcome: Sendable {
        let storedChunks: Int
        /// The length of those chunks, in bytes.
        let storedBytes: Int64
        /// From the first request to the last chunk.
        let duration: Duration
        let ledger: SourceLedger
        /// What has come, in bytes, by source.
        let received: [Int64]
    }

    init(
        plan: DownloadPlan,
        count: FetchCount,
        connector: SourceConnector,
        destination: ChunkDestination,
        writer: NIOThreadPool,
        loop: any EventLoop,
        report: @escaping @Sendable (DownloadEvent) -> Void
    ) {
        self.plan = plan
        self.count = count
        self.connector = connector
        self.destination = destination
        self.writer = writer
        self.loop = loop
        promise = loop.makePromise()
        self.report = report
        corruptTold = Array(repeating: 0, count: connector.writers.count)
        droppedTold = Array(repeating: false, count: connector.writers.count)
    }

    /// Completes when everything is stored. Fails with a `DownloadFailure` if no source can give some of the chunks,
    /// and with a `Failure` if the run was stopped.
    var outcome: EventLoopFuture<Outcome> { promise.futureResult }

    var now: DownloadPlan.Instant { Duration(.now() - started) }

    /// Begins the download.
    func start() {
        let engine = NIOLoopBound(self, eventLoop: loop)
        let inbox = EventInbox(on: loop) { engine.value.handle($0) }
        let post = { @Sendable (events: [DownloadPlan.Event]) in inbox.post(events) }
        let fail = { @Sendable [loop] (error: SystemError) in
            loop.execute { engine.value.stop(error.failure) }
        }
        run = .running(Self.sink(into: destination, on: writer, post, fail, report))
        tellProgress()
        perform(plan.start(at: now))
        sendCommands()
        guard case .stream(let stream) = destination else { return }
        writer.submit { _ in
            do throws(SystemError) { try stream.begin(written: Self.telling(post)) } catch { fail(error) }
        }
    }

    /// Each source's account.
    private var ledger: SourceLedger { plan.ledger.folded(by: owners) }

    var owners: [Int] { connector.endpoints.map(\.source) }

    private var isRunning: Bool { if case .running = run { true } else { false } }

    /// Ends the run for a reason that has nothing to do with the sources.
    func stop(_ failure: Failure) {
        end(.stopped(failure))
    }

    // MARK: Events

    private func handle(_ events: [DownloadPlan.Event]) {
        for event in events where isRunning { handle(event) }
        sendCommands()
    }

    private func handle(_ event: DownloadPlan.Event) {
        count.note(event) { request in plan.source(of: request).map { owners[$0.rawValue] } }
        if case .connectionClosed(let id, _) = event { connected[id] = nil }
        let actions = plan.handle(event, at: now)
        switch event {
        case .failed(_, let chunk, _): tellBlame(chunk)
        case .connectionFailed, .connectionClosed: tellBlame(nil)
        default: break
        }
        perform(actions)
    }

    /// Reports sources that sent wrong bytes, and once for each source that it is no longer asked.
    /// - Parameter chunk: the chunk that has just failed, if any.
    private func tellBlame(_ chunk: Int?) {
        for (index, report) in ledger.reports.enumerated() {
            let source = connector.writers[index].source
            if report.corrupt > corruptTold[index], let chunk {
                corruptTold[index] = report.corrupt
                self.report(.corrupt(source, chunk: chunk))
            }
            if report.state.isFinal, !droppedTold[index] {
                droppedTold[index] = true
                self.report(.sourceDropped(source, reason: report.lastError?.description ?? report.state.name))
            }
        }
    }

    // MARK: Actions

    private func perform(_ actions: [DownloadPlan.Action]) {
        for action in actions where isRunning {
            switch action {
            case .connect(let id, let source): connect(id, source)
            case .fetch(let id, let chunks, let connection):
                commands[connection, default: []].append(.fetch(id, chunks: chunks))
            case .revalidate(let id, let chunk, let connection):
                commands[connection, default: []].append(.revalidate(id, chunk: chunk))
            case .cancel(let id, let connection):
                commands[connection, default: []].append(.cancel(id))
            case .disconnect(let connection): disconnect(connection)
            case .wake(let instant): wake(at: instant)
            case .finished: end(.finished)
            case .failed(let failure): end(.exhausted(failure))
            }
        }
    }

    /// Sends each connection what it has been told to do since the last time.
    private func sendCommands() {
        for (connection, commands) in commands { connected[connection]?.send(commands) }
        commands.removeAll(keepingCapacity: true)
    }

    private func connect(_ id: ConnectionID, _ source: SourceID) {
        guard case .running(let sink) = run else { return }
        connector.connect(id, to: source, sink).hop(to: loop).assumeIsolated().whenSuccess { [self] result in
            switch result {
            case .success(let connection):
                guard isRunning, abandoned.remove(id) == nil else { return connection.close() }
                connected[id] = connection
                handle([.connected(id)])
            case .failure(let error):
                guard abandoned.remove(id) == nil else { return }
                handle([.connectionFailed(id, error)])
            }
        }
    }

    private func disconnect(_ id: ConnectionID) {
        guard let connection = connected.removeValue(forKey: id) else {
            abandoned.insert(id)
            return
        }
        connection.close()
    }

    private func wake(at instant: DownloadPlan.Instant) {
        wakeUp?.cancel()
        let (seconds, attoseconds) = instant.components
        let deadline = started + .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000)
        wakeUp = loop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in handle([.tick]) }
    }

    private static func telling(_ post: @escaping @Sendable ([DownloadPlan.Event]) -> Void) -> StreamOutput.Written {
        { chunk, wasFetched in
            post(wasFetched ? [.stored(chunk: chunk), .consumed(chunk: chunk)] : [.consumed(chunk: chunk)])
        }
    }

    /// What connections report to: `post` takes events to this engine's loop; verified chunks go straight to the queue
    /// of the writer's threads.
    private static func sink(
        into destination: ChunkDestination,
        on writer: NIOThreadPool,
        _ post: @escaping @Sendable ([DownloadPlan.Event]) -> Void,
        _ fail: @escaping @Sendable (SystemError) -> Void,
        _ report: @escaping @Sendable (DownloadEvent) -> Void
    ) -> FetchSink {
        let queue = WriteQueue(on: writer, writers: destination.writers) { chunks in
            do throws(SystemError) {
                switch destination {
                case .store(let store):
                    let stored = try store.write(chunks)
                    for chunk in chunks { chunk.buffer.giveBack() }
                    post(stored.map { .stored(chunk: $0) })
                case .stream(let stream):
                    for chunk in chunks {
                        try stream.write(chunk.index, chunk.buffer, written: Self.telling(post))
                    }
                }
            } catch {
                fail(error)
            }
        }
        return FetchSink(post: post, accept: { queue.add($0) }, led: { report(.redirected($0, to: $1)) })
    }

    private func end(_ reason: End) {
        if case .over = run { return }
        run = .over
        wakeUp?.cancel()
        progressTimer?.cancel()
        for connection in connected.values { connection.close() }
        connected.removeAll()
        switch reason {
        case .finished:
            promise.succeed(
                Outcome(
                    storedChunks: count.storedChunks,
                    storedBytes: count.storedBytes,
                    duration: now,
                    ledger: ledger,
                    received: count.received.bySource
                )
            )
        case .exhausted(let failure): promise.fail(failure.folded(by: owners))
        case .stopped(let failure): promise.fail(failure)
        }
    }
}
