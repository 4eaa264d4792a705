import NIOPosix
import Synchronization

/// Verified chunks on their way to the writing threads.
final class WriteQueue: Sendable {
    private let backlog: Mutex<WriteBacklog>
    private let threads: NIOThreadPool
    private let write: @Sendable ([VerifiedChunk]) -> Void

    /// - Parameters:
    ///   - writers: the most threads that write at once.
    ///   - write: called on one of `threads` with chunks in their order in the output.
    init(on threads: NIOThreadPool, writers: Int, write: @escaping @Sendable ([VerifiedChunk]) -> Void) {
        self.threads = threads
        self.write = write
        backlog = Mutex(WriteBacklog(limit: writers))
    }

    /// Takes chunks that are to be written. May be called on any thread, and does not wait.
    func add(_ chunks: [VerifiedChunk]) {
        guard backlog.withLock({ $0.add(chunks) }) else { return }
        threads.submit { [self] state in
            // Threads that are shut down write nothing any more: the download is over.
            guard state == .active else { return }
            while let chunks = backlog.withLock({ $0.take() }) { write(chunks) }
        }
    }
}
