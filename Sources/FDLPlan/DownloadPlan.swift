package import FDLCore

/// What to ask of whom, and when: the scheduler of a download as a value.
///
/// It does no I/O and knows no clock. The caller tells it what happened and at which instant, and carries out the
/// actions it answers with, in order. The same events at the same instants with the same seed give the same actions.
/// `docs/scheduling.md` has the reasons.
///
/// What the caller owes it:
/// - each `.connect` is answered by `.connected` or `.connectionFailed`, and each `.fetch` by `.verified` for each of
///   its chunks in order, or by `.failed`, or by `.connectionClosed`, all within timeouts of the caller's own;
/// - `.stored` follows `.verified` (and `.consumed` follows, in order, where the order is sequential);
/// - what arrives for a request that was cancelled, or on a connection that was disconnected, may be thrown away, and
///   nothing need be reported of it: events of keys the plan has let go are ignored. A chunk that is stored all the
///   same is told by `.stored`, once, whenever that is.
///
/// It always ends. Count the good answers: a chunk verified first, or a chunk a source does not have. There are
/// finitely many, since a chunk is verified once and a source is not asked again for what it lacks. Between two good
/// answers only failures happen; each failure ends in a pause of its source (`backoffCap` at most), and a source that
/// goes on failing without a good answer is put aside for good. There are finitely many sources. With none left, and
/// nothing outstanding, the plan fails; with every chunk stored it finishes. A duplicate is asked for only while
/// another request holds the chunk, within a budget that only shrinks.
package struct DownloadPlan: Sendable {
    /// A moment of a clock that never goes back, as the time since some start of the caller's choice.
    package typealias Instant = Duration

    /// What happened.
    package enum Event: Sendable {
        /// Ready for requests.
        case connected(ConnectionID)
        /// Never got ready.
        case connectionFailed(ConnectionID, SourceError)
        /// Was ready and is gone; nil where the source closed it without breaking an answer off. What was outstanding
        /// on it the plan takes back by itself.
        case connectionClosed(ConnectionID, SourceError?)
        /// The answer's first byte has come. Told at once it shows the delay of the path; it is no good answer yet.
        /// Where it is not told, the first `.progress` stands for it.
        case began(RequestID)
        /// Body bytes that have newly arrived. Report them as often as is convenient.
        case progress(RequestID, bytes: Int)
        /// A chunk of the request arrived and its digest is right.
        case verified(RequestID, chunk: Int)
        /// A chunk of the request failed. The whole request ends with it; its later chunks are free again, without
        /// blame. The connection stays, unless the plan disconnects it or `.connectionClosed` follows.
        case failed(RequestID, chunk: Int, SourceError)
        /// The chunk is written, its memory free.
        case stored(chunk: Int)
        /// Sequential order: the chunk has been handed to the reader.
        case consumed(chunk: Int)
        /// The instant asked for by `.wake` has come.
        case tick
    }

    /// What to do.
    package enum Action: Sendable, Equatable {
        case connect(ConnectionID, to: SourceID)
        /// Ask for chunks: one of a worker, one or several that lie side by side in one file of a mirror. Requests on
        /// one connection are pipelined in the order given.
        case fetch(RequestID, chunks: Range<Int>, on: ConnectionID)
        /// The answer is no longer wanted. Discard the rest of it, or close the connection and say so by
        /// `.connectionClosed(_, nil)`.
        case cancel(RequestID, on: ConnectionID)
        /// Close it now. Everything outstanding on it is taken back already; no event of it is expected.
        case disconnect(ConnectionID)
        /// Deliver `.tick` then; the latest such action replaces those before it.
        case wake(at: Instant)
        /// Every missing chunk is verified and stored.
        case finished
        /// Some chunks no source can give.
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

    // Where each chunk stands.
    var book: ChunkBook
    var memory: MemoryBudget
    var exclusions: Exclusions
    var agenda = Agenda()

    // Bytes asked for and not yet arrived.
    var outstanding = 0
    // The sum of the connections' rates.
    var totalRate = 0.0
    var hedgeBudget: Int
    var account: SourceLedger
    var trial: Trial?
    // Some source has let us in.
    var anyContact = false
    // How often connections have been fed.
    var feeding = 0
    // Whose turn it is to be connected to first.
    var nextSource = 0

    /// - Parameters:
    ///   - layout: where the chunks lie.
    ///   - missing: the chunks to fetch; its bound is the layout's count.
    ///   - sources: what kind each source is; its place is its `SourceID`.
    ///   - seed: of the jitter.
    package init(
        layout: ChunkLayout,
        missing: ChunkSet,
        sources: [SourceKind],
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
        book = ChunkBook(layout: layout, missing: missing, window: window, sourceCount: sources.count)
        hedgeBudget = max(
            Int(Double(layout.bytes(of: missing)) * configuration.hedgeShare),
            configuration.hedgedChunksPerSource * sources.count * layout.chunkSize.bytes
        )
    }

    /// Begins. Call once.
    package mutating func start(at instant: Instant) -> [Action] {
        agenda.advance(to: instant)
        if book.admit() { agenda.add(.work) }
        agenda.add(.connections)
        settle()
        return agenda.takeActions()
    }

    /// Takes in what happened and says what to do. Instants must not go back.
    package mutating func handle(_ event: Event, at instant: Instant) -> [Action] {
        agenda.advance(to: instant)
        guard !agenda.isOver else { return [] }
        switch event {
        case .connected(let id): connected(id.rawValue)
        case .connectionFailed(let id, let error): closed(id.rawValue, error)
        case .connectionClosed(let id, let error): closed(id.rawValue, error)
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

    /// Every source's account as of the last event.
    package var ledger: SourceLedger {
        var ledger = account
        for index in sources.indices {
            ledger.reports[index].state = state(of: sources[index])
            ledger.reports[index].rate = rate(of: index)
            ledger.reports[index].lastError = ledger.reports[index].lastError ?? silence(of: sources[index])
        }
        return ledger
    }

    /// The time of the event being handled, in seconds.
    var now: Double { agenda.now }

    static func connectionCap(_ configuration: Configuration) -> Int {
        max(1, configuration.connectionsPerSource ?? configuration.defaultConnectionsPerSource)
    }
}
