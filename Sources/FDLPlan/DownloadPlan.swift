package import FDLCore

/// The scheduler of a download as a value: decides which source is asked for which chunks, and when.
///
/// It does no I/O and has no clock. The caller reports each event with its instant, and carries out the returned
/// actions in order. The same events at the same instants with the same seed give the same actions.
/// `docs/scheduling.md` gives the reasons.
///
/// What the caller has to do:
/// - It answers each `.connect` by `.connected` or `.connectionFailed`, and each `.fetch` or `.revalidate` by `.verified`
///   for each of its chunks in order, by `.failed`, or by `.connectionClosed`. The caller has timeouts of its own for
///   this.
/// - It reports `.stored` after `.verified`, and in sequential order also `.consumed`, in order.
/// - It may discard what arrives for a cancelled request or on a disconnected connection, and need not report it: the
///   plan ignores events whose keys it has dropped. If such a chunk is stored nevertheless, it is reported by
///   `.stored`, once, at any time.
///
/// Every download ends. A good answer is the first verified copy of a chunk, or the answer that a source lacks a chunk.
/// There are finitely many of them, because a chunk counts once and a source is not asked again for a chunk it lacks.
/// Between two good answers there are only failures. Each failure pauses its source (for `backoffCap` at most), and a
/// source that keeps failing without a good answer is put aside for the rest of the job. There are finitely many
/// sources. If none is left and nothing is outstanding, the plan fails; if every chunk is stored, it finishes. A second
/// copy is asked for only while another request for the chunk is outstanding, within a budget that only shrinks.
package struct DownloadPlan: Sendable {
    /// A reading of a clock that never goes back: the time since a start that the caller chooses.
    package typealias Instant = Duration

    /// What has happened.
    package enum Event: Sendable {
        /// The connection is ready for requests.
        case connected(ConnectionID)
        /// The connection could not be opened.
        case connectionFailed(ConnectionID, SourceError)
        /// The connection was ready and is closed; the error is nil if the source closed it without breaking off an
        /// answer. The plan makes the chunks outstanding on it pending again.
        case connectionClosed(ConnectionID, SourceError?)
        /// The answer to this request is the last on its connection, and the one with this number there, counted from
        /// 1: the source has said that it closes after it. The plan takes back what was asked behind it.
        case lastAnswer(RequestID, number: Int, on: ConnectionID)
        /// The source answers a request for a range with the whole file. What lies behind it in the file can be asked for
        /// on this connection, in ascending order, and nothing else. The plan takes back what was asked besides.
        case rangesIgnored(RequestID, on: ConnectionID)
        /// Bytes of the file before the request's range have arrived, and were dropped.
        case readPast(RequestID, bytes: Int)
        /// The first byte of the answer has arrived. If reported at once, it shows the delay of the path. It does not
        /// count as a good answer. If it is not reported, the first `.progress` takes its place.
        case began(RequestID)
        /// More bytes of the body have arrived. Report them as often as is convenient.
        case progress(RequestID, bytes: Int)
        /// A chunk of the request has arrived and its digest matches.
        case verified(RequestID, chunk: Int)
        /// A chunk of the request has failed. The whole request ends; its other chunks are pending again, without
        /// blame. The connection stays, unless the plan disconnects it or `.connectionClosed` follows.
        case failed(RequestID, chunk: Int, SourceError)
        /// The chunk is written and its memory released.
        case stored(chunk: Int)
        /// In sequential order: the chunk has been handed to the reader.
        case consumed(chunk: Int)
        /// The instant given by `.wake` has come.
        case tick
    }

    /// What to do.
    package enum Action: Sendable, Equatable {
        case connect(ConnectionID, to: SourceID)
        /// Ask for chunks: for one chunk of a worker, or for one or more neighbouring chunks within one file of a
        /// mirror. Requests on one connection are pipelined in the order given.
        case fetch(RequestID, chunks: Range<Int>, on: ConnectionID)
        /// Ask for a chunk that this source has sent wrong once, past all caches (RFC 9111 section 5.2.1.4).
        case revalidate(RequestID, chunk: Int, on: ConnectionID)
        /// The answer is no longer wanted. Discard the rest of it, or close the connection and report
        /// `.connectionClosed(_, nil)`.
        case cancel(RequestID, on: ConnectionID)
        /// Close the connection now. Nothing is outstanding on it any more, and no event is expected from it.
        case disconnect(ConnectionID)
        /// Report `.tick` at this instant. The latest such action replaces those before it.
        case wake(at: Instant)
        /// Every missing chunk is verified and stored.
        case finished
        /// No source can give some of the chunks.
        case failed(DownloadFailure)
    }

    let layout: ChunkLayout
    let configuration: Configuration
    let backoff: Backoff
    var generator: SplitMix64

    var sources: [Source]
    var connections = SlotMap<Connection>()
    // The keys of all connections, in the order opened.
    var connectionKeys: [Int] = []
    var requests = SlotMap<Request>()

    // The state of each chunk.
    var book: ChunkBook
    var memory: MemoryBudget
    var exclusions: Exclusions
    var chances = SecondChances()
    var agenda = Agenda()

    // Bytes asked for on all connections that have not arrived yet.
    var outstanding = 0
    // The sum of the connections' rates, in bytes a second.
    var totalRate = 0.0
    // How many more bytes may be asked for a second time.
    var hedgeBudget: Int
    var account: SourceLedger
    var trial: Trial?
    // Whether any source has accepted a connection.
    var anyContact = false
    // The source that is considered first when connections are opened.
    var nextSource = 0

    /// - Parameters:
    ///   - layout: the files and chunks of the manifest.
    ///   - missing: the chunks to fetch; its bound is the layout's chunk count.
    ///   - sources: the kind of each source; the index is its `SourceID`.
    ///   - ranking: how the chunks belong to the sources; nil if to none more than to another.
    ///   - configuration: limits and constants.
    ///   - seed: for the jitter.
    package init(
        layout: ChunkLayout,
        missing: ChunkSet,
        sources: [SourceKind],
        ranking: Ranking? = nil,
        configuration: Configuration = Configuration(),
        seed: UInt64
    ) {
        self.layout = layout
        self.configuration = configuration
        memory = MemoryBudget(limit: max(configuration.memoryLimit, layout.chunkSize.bytes))
        backoff = Backoff(first: configuration.backoffFirst, cap: configuration.backoffCap)
        exclusions = Exclusions(
            backoff: Backoff(first: configuration.chunkBackoffFirst, cap: configuration.backoffCap)
        )
        generator = SplitMix64(seed: seed)
        let first = min(Self.connectionCap(configuration), sources.count == 1 ? 2 : 1)
        self.sources = sources.map { Source(kind: $0, desiredConnections: first) }
        account = SourceLedger(kinds: sources)
        let window: Int? =
            switch configuration.order {
            case .any: nil
            case .sequential(let width): max(1, min(width, memory.limit / layout.chunkSize.bytes))
            }
        book = ChunkBook(layout: layout, missing: missing, window: window, sourceCount: sources.count, ranking: ranking)
        hedgeBudget = max(
            Int(Double(layout.bytes(of: missing)) * configuration.hedgeShare),
            configuration.hedgedChunksPerSource * sources.count * layout.chunkSize.bytes
        )
    }

    /// Begins the download. Call it once.
    /// - Returns: the actions to carry out, in order.
    package mutating func start(at instant: Instant) -> [Action] {
        agenda.advance(to: instant)
        book.advance(to: agenda.now)
        if book.admit() { agenda.add(.work) }
        agenda.add(.connections)
        settle()
        return agenda.takeActions()
    }

    /// Handles an event. Instants must not go back.
    /// - Returns: the actions to carry out, in order.
    package mutating func handle(_ event: Event, at instant: Instant) -> [Action] {
        agenda.advance(to: instant)
        guard !agenda.isOver else { return [] }
        switch event {
        case .connected(let id): connected(id.rawValue)
        case .connectionFailed(let id, let error): closed(id.rawValue, error)
        case .connectionClosed(let id, let error): closed(id.rawValue, error)
        case .lastAnswer(let id, let number, let connection): lastAnswer(id.rawValue, number, connection.rawValue)
        case .rangesIgnored(let id, let connection): rangesIgnored(id.rawValue, connection.rawValue)
        case .readPast(let id, let bytes): readPast(id.rawValue, bytes)
        case .began(let id): began(id.rawValue)
        case .progress(let id, let bytes): progressed(id.rawValue, bytes)
        case .verified(let id, let chunk): verified(id.rawValue, chunk)
        case .failed(let id, let chunk, let error): failed(id.rawValue, chunk, error)
        case .stored(let chunk): stored(chunk)
        case .consumed(let chunk): if book.consume(chunk) { agenda.add(.work) }
        case .tick: tick()
        }
        settle()
        return agenda.takeActions()
    }

    /// What each source has given and done wrong, as of the last event.
    package var ledger: SourceLedger {
        var ledger = account
        for index in sources.indices {
            ledger.reports[index].state = state(of: sources[index])
            ledger.reports[index].rate = rate(of: index)
            ledger.reports[index].lastError = ledger.reports[index].lastError ?? silence(of: sources[index])
        }
        return ledger
    }

    /// Which source an outstanding request was sent to; nil once the request is over.
    package func source(of request: RequestID) -> SourceID? {
        requests[request.rawValue].flatMap { connections[$0.connection] }.map { SourceID(rawValue: $0.source) }
    }

    /// The same as of a later instant: by then a source may have been silent for longer.
    package func ledger(at instant: Instant) -> SourceLedger {
        var later = self
        later.agenda.advance(to: instant)
        return later.ledger
    }

    /// The time of the event being handled, in seconds.
    var now: Double { agenda.now }

    static func connectionCap(_ configuration: Configuration) -> Int {
        max(1, configuration.connectionsPerSource ?? configuration.defaultConnectionsPerSource)
    }
}
