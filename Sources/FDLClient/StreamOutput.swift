import FDLCore
import FDLSystem
import Synchronization

/// Verified bytes in order to a pipe. What has come before its turn waits in memory; the plan's window bounds it.
final class StreamOutput: Sendable {
    private let descriptor: Descriptor
    private let state: Mutex<State>

    private struct State {
        var waiting: [Int: ChunkBuffer] = [:]
        /// The next chunk to write.
        var next = 0
        /// Whether a thread is writing: the one that writes goes on until nothing is next.
        var isWriting = false
    }

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
        state = Mutex(State())
    }

    /// Takes a verified chunk and writes what is next in order. Blocks while the reader is slow.
    /// - Parameter written: called behind each chunk that has been written.
    /// - Throws: `SystemError`, EPIPE where the reader has gone.
    func write(_ chunk: Int, _ buffer: ChunkBuffer, written: (Int) -> Void) throws(SystemError) {
        let isWriter = state.withLock { state in
            guard chunk >= state.next, state.waiting[chunk] == nil else { return false }
            state.waiting[chunk] = buffer
            guard !state.isWriting else { return false }
            state.isWriting = true
            return true
        }
        guard isWriter else { return }
        while let (chunk, buffer) = takeNext() {
            try buffer.withBytes { bytes throws(SystemError) in try descriptor.write(bytes) }
            buffer.giveBack()
            written(chunk)
        }
    }

    private func takeNext() -> (Int, ChunkBuffer)? {
        state.withLock { state in
            guard let buffer = state.waiting.removeValue(forKey: state.next) else {
                state.isWriting = false
                return nil
            }
            defer { state.next += 1 }
            return (state.next, buffer)
        }
    }
}
