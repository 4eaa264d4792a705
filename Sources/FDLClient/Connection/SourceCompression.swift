import Synchronization

/// Whether compression pays between one source and this process: what all connections to it, and to where it leads, have
/// found out together.
///
/// A connection that is new, as each one is of a source that closes behind every answer, need not find it out again.
final class SourceCompression: Sendable {
    private let choice: Mutex<CompressionChoice>
    private let loops: SharedLoops

    /// - Parameter rateLimit: of the download, in bytes a second.
    init(mode: DownloadRequest.Compression, rateLimit: Int64? = nil, loops: SharedLoops) {
        choice = Mutex(CompressionChoice(mode: mode, rateLimit: rateLimit))
        self.loops = loops
    }

    /// A connection begins.
    func joined() { loops.joined() }

    /// A connection has ended.
    func left() { loops.left() }

    /// Whether the next chunk is asked for compressed.
    func nextIsCompressed() -> Bool { choice.withLock { $0.nextIsCompressed() } }

    /// Takes into account a complete response to a request.
    func observe(_ arrival: CompressionChoice.Arrival, to request: ChunkRequest, as form: CompressionChoice.Form) {
        let processors = loops.perConnection
        choice.withLock {
            $0.observe(
                arrival,
                of: request.bodyLength,
                wasAsked: request.acceptsCompression,
                as: form,
                processors: processors
            )
        }
    }
}

/// The event loops of a download, on which all its connections decompress.
final class SharedLoops: Sendable {
    private let count: Int
    private let connections = Atomic(0)

    init(count: Int) {
        self.count = count
    }

    func joined() { connections.add(1, ordering: .relaxed) }
    func left() { connections.subtract(1, ordering: .relaxed) }

    /// How many of them each connection has; below 1 where they are shared.
    var perConnection: Double { Double(count) / Double(max(1, connections.load(ordering: .relaxed))) }
}
