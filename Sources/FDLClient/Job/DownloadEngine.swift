import FDLCore
import FDLPlan
import FDLSystem
import NIOCore
import NIOPosix

/// Where verified chunks go.
enum ChunkDestination: Sendable {
    case store(ChunkStore)
    case stream(StreamOutput)

    /// How many descriptors it may open while chunks arrive.
    var descriptors: Int {
        switch self {
        case .store(let store): 2 * store.openFileLimit
        case .stream: 0
        }
    }
}

/// Drives a `DownloadPlan` with real connections. Confined to one event loop, on which the plan gets every event in
/// order; connections and the disk work elsewhere and post their events to it.
final class DownloadEngine {
    private let loop: any EventLoop
    private let connector: SourceConnector
    private let destination: ChunkDestination
    private let writer: NIOThreadPool
    private let layout: ChunkLayout
    private let report: @Sendable (DownloadEvent) -> Void
    private let outcome: EventLoopPromise<Outcome>
    private let started = NIODeadline.now()

    private var plan: DownloadPlan
    private var channels: [ConnectionID: any Channel] = [:]
    /// Connections that the plan gave up before they were ready.
    private var abandoned: Set<ConnectionID> = []
    private var wakeUp: Scheduled<Void>?
    private var progressTimer: Scheduled<Void>?
    private var storedChunks = 0
    private var storedBytes: Int64 = 0
    private var corruptTold: [Int]
    private var droppedTold: [Bool]
    private var isOver = false

    /// What a finished run did.
    struct Outcome: Sendable {
        let storedChunks: Int
        let storedBytes: Int64
        let ledger: SourceLedger
        /// nil where everything was stored.
        let failure: DownloadFailure?
    }

    init(
        plan: DownloadPlan,
        layout: ChunkLayout,
        connector: SourceConnector,
        destination: ChunkDestination,
        writer: NIOThreadPool,
        loop: any EventLoop,
        outcome: EventLoopPromise<Outcome>,
        report: @escaping @Sendable (DownloadEvent) -> Void
    ) {
        self.plan = plan
        self.layout = layout
        self.connector = connector
        self.destination = destination
        self.writer = writer
        self.loop = loop
        self.outcome = outcome
        self.report = report
        corruptTold = Array(repeating: 0, count: connector.writers.count)
        droppedTold = Array(repeating: false, count: connector.writers.count)
    }

    private var now: DownloadPlan.Instant { .nanoseconds((NIODeadline.now() - started).nanoseconds) }

    /// - Parameter alreadyThere: what the output holds, for the progress that is told.
    func start(alreadyThere: (chunks: Int, bytes: Int64), total: (chunks: Int, bytes: Int64)) {
        tellProgress(alreadyThere, total)
        perform(plan.start(at: now))
        guard case .stream(let stream) = destination else { return }
        let (post, fail) = (post, fail)
        writer.submit { _ in
            do throws(SystemError) { try stream.begin(written: Self.telling(post)) } catch { fail(error) }
        }
    }

    /// Tells how far the download is, once a second.
    private func tellProgress(_ there: (chunks: Int, bytes: Int64), _ total: (chunks: Int, bytes: Int64)) {
        progressTimer = loop.assumeIsolated().scheduleTask(in: .seconds(1)) { [self] in
            report(
                .progress(
                    chunks: there.chunks + storedChunks,
                    totalChunks: total.chunks,
                    bytes: there.bytes + storedBytes,
                    totalBytes: total.bytes
                )
            )
            tellProgress(there, total)
        }
    }

    /// Ends the run for a reason that is no source's.
    func stop(_ failure: Failure) {
        end(.failure(failure))
    }

    // MARK: Events

    private func handle(_ event: DownloadPlan.Event) {
        guard !isOver else { return }
        if case .stored(let chunk) = event {
            storedChunks += 1
            storedBytes += Int64(layout.length(ofChunk: chunk))
        }
        if case .connectionClosed(let id, _) = event { channels[id] = nil }
        let actions = plan.handle(event, at: now)
        switch event {
        case .failed(_, let chunk, _): tellBlame(chunk)
        case .connectionFailed, .connectionClosed: tellBlame(nil)
        default: break
        }
        perform(actions)
    }

    /// Says once of each source that it lied, and that it is no longer asked.
    /// - Parameter chunk: the one that has just failed.
    private func tellBlame(_ chunk: Int?) {
        for (index, report) in plan.ledger.reports.enumerated() {
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
        for action in actions where !isOver {
            switch action {
            case .connect(let id, let source): connect(id, source)
            case .fetch(let id, let chunks, let connection):
                channels[connection]?.writeAndFlush(FetchCommand.fetch(id, chunks: chunks), promise: nil)
            case .cancel(let id, let connection):
                channels[connection]?.write(FetchCommand.cancel(id), promise: nil)
            case .disconnect(let connection): disconnect(connection)
            case .wake(let instant): wake(at: instant)
            case .finished: end(.success(nil))
            case .failed(let failure): end(.success(failure))
            }
        }
    }

    private func connect(_ id: ConnectionID, _ source: SourceID) {
        connector.connect(id, to: source, sink).hop(to: loop).assumeIsolated().whenSuccess { [self] result in
            switch result {
            case .success(let channel):
                guard !isOver, abandoned.remove(id) == nil else { return channel.close(promise: nil) }
                channels[id] = channel
                handle(.connected(id))
            case .failure(let error):
                guard abandoned.remove(id) == nil else { return }
                handle(.connectionFailed(id, error))
            }
        }
    }

    private func disconnect(_ id: ConnectionID) {
        guard let channel = channels.removeValue(forKey: id) else {
            abandoned.insert(id)
            return
        }
        channel.close(promise: nil)
    }

    private func wake(at instant: DownloadPlan.Instant) {
        wakeUp?.cancel()
        let (seconds, attoseconds) = instant.components
        let deadline = started + .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000)
        wakeUp = loop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in handle(.tick) }
    }

    private var post: @Sendable (DownloadPlan.Event) -> Void {
        let (loop, engine) = (loop, NIOLoopBound(self, eventLoop: loop))
        return { event in loop.execute { engine.value.handle(event) } }
    }

    private var fail: @Sendable (SystemError) -> Void {
        let (loop, engine) = (loop, NIOLoopBound(self, eventLoop: loop))
        return { error in loop.execute { engine.value.stop(error.failure) } }
    }

    private static func telling(_ post: @escaping @Sendable (DownloadPlan.Event) -> Void) -> StreamOutput.Written {
        { chunk, wasFetched in
            if wasFetched { post(.stored(chunk: chunk)) }
            post(.consumed(chunk: chunk))
        }
    }

    /// What connections hold: events hop to our loop; verified chunks go straight to the disk's threads.
    private var sink: FetchSink {
        let (post, fail) = (post, fail)
        let destination = destination
        let writer = writer
        return FetchSink(post: post) { chunk, buffer in
            writer.submit { state in
                guard state == .active else { return }
                do throws(SystemError) {
                    switch destination {
                    case .store(let store):
                        let isNew = try buffer.withBytes { bytes throws(SystemError) in
                            try store.write(chunk, bytes)
                        }
                        buffer.giveBack()
                        if isNew { post(.stored(chunk: chunk)) }
                    case .stream(let stream): try stream.write(chunk, buffer, written: Self.telling(post))
                    }
                } catch {
                    fail(error)
                }
            }
        }
    }

    private func end(_ result: Result<DownloadFailure?, Failure>) {
        guard !isOver else { return }
        isOver = true
        wakeUp?.cancel()
        progressTimer?.cancel()
        for channel in channels.values { channel.close(promise: nil) }
        channels.removeAll()
        outcome.completeWith(
            result.mapError { $0 as any Error }.map { failure in
                Outcome(
                    storedChunks: storedChunks,
                    storedBytes: storedBytes,
                    ledger: plan.ledger,
                    failure: failure
                )
            }
        )
    }
}
