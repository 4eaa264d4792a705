/// Which verified chunks wait to be written, and by how many threads at once. A value: `WriteQueue` holds it.
///
/// One thread starts as soon as something waits. Another joins it only when much does: a thread that is woken for each
/// small chunk costs more than the write, and chunks that wait for a moment can be written together with neighbours
/// that other sources bring.
struct WriteBacklog {
    /// In bytes. Another thread begins to write only if so much waits.
    static let enoughForAnother = 256 << 10
    /// In bytes. A thread takes no more at a time, so that others have their share and memory is free again soon.
    static let mostAtOnce = 1 << 20
    /// In chunks, likewise: each may be a file that has to be made.
    static let mostChunksAtOnce = 64

    private let limit: Int
    private var waiting: [VerifiedChunk] = []
    private var waitingBytes = 0
    /// Threads that write, or have been told to.
    private(set) var writers = 0

    /// - Parameter limit: the most threads that write at once.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes chunks that are to be written.
    /// - Returns: whether another thread is to call `take` until it gets nothing.
    mutating func add(_ chunks: [VerifiedChunk]) -> Bool {
        waiting += chunks
        waitingBytes += Self.bytes(of: chunks[...])
        guard !waiting.isEmpty, writers < limit, writers == 0 || waitingBytes >= Self.enoughForAnother else {
            return false
        }
        writers += 1
        return true
    }

    /// Hands out the chunks that have waited longest, in their order in the output.
    /// - Returns: nil if none waits; then the thread that asked is no longer counted.
    mutating func take() -> [VerifiedChunk]? {
        guard !waiting.isEmpty else {
            writers -= 1
            return nil
        }
        var bytes = 0
        let end = waiting.indices.first { index in
            bytes += waiting[index].buffer.count
            return bytes > Self.mostAtOnce || index == Self.mostChunksAtOnce
        }
        // One chunk may be larger than that.
        let taken = waiting[..<max(1, end ?? waiting.count)]
        waitingBytes -= Self.bytes(of: taken)
        waiting.removeFirst(taken.count)
        return taken.sorted { $0.index < $1.index }
    }

    private static func bytes(of chunks: ArraySlice<VerifiedChunk>) -> Int {
        chunks.reduce(0) { $0 + $1.buffer.count }
    }
}
