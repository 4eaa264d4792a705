import FDLPlan

/// What a connection has to tell, gathered while it reads. Several small chunks arrive with one read: told together,
/// they wake the engine's loop and a writing thread once, and those that are neighbours are written at once.
struct Outbox {
    private let sink: FetchSink
    private var events: [DownloadPlan.Event] = []
    private var chunks: [VerifiedChunk] = []

    init(to sink: FetchSink) { self.sink = sink }

    mutating func post(_ event: DownloadPlan.Event) { events.append(event) }

    /// A chunk of a response is verified.
    mutating func accept(_ chunk: VerifiedChunk, of request: RequestID) {
        events.append(.verified(request, chunk: chunk.index))
        chunks.append(chunk)
    }

    /// Sends what is gathered: the plan hears that a chunk is verified before it hears that it is stored.
    mutating func flush() {
        if !events.isEmpty { sink.post(events) }
        if !chunks.isEmpty { sink.accept(chunks) }
        events.removeAll(keepingCapacity: true)
        chunks.removeAll(keepingCapacity: true)
    }
}
