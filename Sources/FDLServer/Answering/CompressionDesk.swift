import NIOCore
import NIOPosix
import Synchronization

/// Has chunks compressed, on threads of its own, and remembers them.
final class CompressionDesk: Sendable {
    typealias Queue = CompressionQueue<
        CompressedChunks.Key, CompressibleChunk, EventLoopPromise<CompressedChunks.Entry>
    >

    /// How many chunks may wait to be compressed.
    static let maximumJobs = 64
    /// How many bytes they may have together: about half a second's work.
    static let maximumBytes = 64 << 20

    enum Outcome {
        case ready(CompressedChunks.Entry)
        /// The future completes on the loop; whoever waits no longer is to say so.
        case waiting(Queue.Ticket, EventLoopFuture<CompressedChunks.Entry>)
        /// Too many wait.
        case refused
    }

    private let cache: CompressedChunks
    private let threads: NIOThreadPool
    private let notices: LimitNotices
    private let queue = Mutex(Queue(maximumJobs: maximumJobs, maximumBytes: maximumBytes))

    init(cache: CompressedChunks, threads: NIOThreadPool, notices: LimitNotices) {
        self.cache = cache
        self.threads = threads
        self.notices = notices
    }

    /// What is remembered of a chunk, without any work.
    func remembered(_ chunk: CompressibleChunk) -> CompressedChunks.Entry? { cache.entry(for: chunk.key) }

    /// The chunk as it is sent compressed, now or later.
    func compressed(_ chunk: CompressibleChunk, for loop: any EventLoop) -> Outcome {
        if let entry = cache.entry(for: chunk.key) { return .ready(entry) }
        let promise = loop.makePromise(of: CompressedChunks.Entry.self)
        let joined = queue.withLock {
            $0.join(chunk.key, bytes: Int(chunk.slice.length), job: chunk, waiter: promise)
        }
        switch joined {
        case .shared(let ticket):
            return .waiting(ticket, promise.futureResult)
        case .queued(let ticket):
            threads.submit { state in self.work(isActive: state == .active) }
            return .waiting(ticket, promise.futureResult)
        case .full:
            notices.happened(.compressionQueue)
            promise.fail(CancellationError())
            return .refused
        }
    }

    /// The one with the ticket waits no longer. Unless the work has begun or others wait for it, it is never done.
    func leave(_ ticket: Queue.Ticket) {
        queue.withLock { $0.leave(ticket) }?.fail(CancellationError())
    }

    private func work(isActive: Bool) {
        guard let (key, chunk) = queue.withLock({ $0.begin() }) else { return }
        // Threads that are shut down do nothing any more: the worker is about to end.
        let result = isActive ? Result { try ChunkCompression.compress(chunk) } : .failure(CancellationError())
        if case .success(let entry) = result { cache.insert(entry, for: key) }
        for promise in queue.withLock({ $0.end(key) }) { promise.completeWith(result) }
    }
}

extension CompressibleChunk {
    var key: CompressedChunks.Key { CompressedChunks.Key(digest: digest, encoding: encoding) }
}
