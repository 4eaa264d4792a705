import FDLCore
import FDLSystem
import Glibc
import Synchronization

/// Writes verified chunks to a pipe, in order. Chunks that arrive early wait in memory, as many as the plan's window
/// allows. Chunks of zeros are not fetched but written when it is their turn.
final class StreamOutput: Sendable {
    private let descriptor: Descriptor
    private let layout: ChunkLayout
    private let zeros: ChunkSet
    private let state: Mutex<State>

    private struct State {
        var waiting: [Int: ChunkBuffer] = [:]
        /// The number of the next chunk to write.
        var next = 0
        /// Whether a thread is writing. That thread continues until the next chunk is not there.
        var isWriting = false
    }

    /// Called after each chunk that has been written. `wasFetched` is false for chunks of zeros.
    typealias Written = (_ chunk: Int, _ wasFetched: Bool) -> Void

    /// The next chunk to write.
    private enum Next {
        case bytes(Int, ChunkBuffer)
        case zeros(Int)
    }

    /// - Parameter zeros: the chunks that are nothing but zeros and are not fetched.
    init(_ descriptor: consuming Descriptor, layout: ChunkLayout, zeros: ChunkSet) {
        self.descriptor = descriptor
        self.layout = layout
        self.zeros = zeros
        state = Mutex(State())
    }

    /// Writes the chunks of zeros that the output begins with, and whatever else is next.
    func begin(written: Written) throws(SystemError) {
        let isWriter = state.withLock { state in
            guard !state.isWriting else { return false }
            state.isWriting = true
            return true
        }
        if isWriter { try writeOn(written) }
    }

    /// Takes a verified chunk and writes whatever is next in order. Blocks while the pipe is full.
    /// - Throws: `SystemError`; EPIPE if the pipe has no reader any more.
    func write(_ chunk: Int, _ buffer: ChunkBuffer, written: Written) throws(SystemError) {
        let isWriter = state.withLock { state in
            guard chunk >= state.next, state.waiting[chunk] == nil else { return false }
            state.waiting[chunk] = buffer
            guard !state.isWriting else { return false }
            state.isWriting = true
            return true
        }
        if isWriter { try writeOn(written) }
    }

    /// Writes the chunks of zeros at the end. Call this when all other chunks have been taken and no thread is writing.
    /// - Throws: `SystemError`, also if an earlier write has failed.
    func finish() throws(SystemError) {
        try begin { _, _ in }
        guard state.withLock({ $0.next }) == layout.chunkCount else {
            throw SystemError(operation: .write, path: descriptor.path, code: EPIPE)
        }
    }

    private func writeOn(_ written: Written) throws(SystemError) {
        while let next = takeNext() {
            switch next {
            case .bytes(let chunk, let buffer):
                try buffer.withBytes { bytes throws(SystemError) in try descriptor.write(bytes) }
                buffer.giveBack()
                written(chunk, true)
            case .zeros(let chunk):
                let zeros = [UInt8](repeating: 0, count: layout.length(ofChunk: chunk))
                try zeros.span.withUnsafeBytes { zeros throws(SystemError) in try descriptor.write(zeros) }
                written(chunk, false)
            }
        }
    }

    private func takeNext() -> Next? {
        state.withLock { state in
            let chunk = state.next
            let next: Next? =
                zeros.contains(chunk)
                ? .zeros(chunk)
                : state.waiting.removeValue(forKey: chunk).map {
                    .bytes(chunk, $0)
                }
            if next == nil { state.isWriting = false } else { state.next += 1 }
            return next
        }
    }
}
