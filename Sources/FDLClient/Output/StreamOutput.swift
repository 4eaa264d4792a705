import FDLCore
import FDLSystem
import Glibc
import Synchronization

/// Verified bytes in order to a pipe. What has come before its turn waits in memory; the plan's window bounds it. Chunks
/// of zeros come from nowhere: they are written when their turn is.
final class StreamOutput: Sendable {
    private let descriptor: Descriptor
    private let layout: ChunkLayout
    private let zeros: ChunkSet
    private let state: Mutex<State>

    private struct State {
        var waiting: [Int: ChunkBuffer] = [:]
        /// The next chunk to write.
        var next = 0
        /// Whether a thread is writing: the one that writes goes on until nothing is next.
        var isWriting = false
    }

    /// Called after each chunk that has been written, with whether it was fetched.
    typealias Written = (_ chunk: Int, _ wasFetched: Bool) -> Void

    /// What is next in order.
    private enum Next {
        case bytes(Int, ChunkBuffer)
        case zeros(Int)
    }

    /// - Parameter zeros: the chunks that nobody sends, for they are nothing but zeros.
    init(_ descriptor: consuming Descriptor, layout: ChunkLayout, zeros: ChunkSet) {
        self.descriptor = descriptor
        self.layout = layout
        self.zeros = zeros
        state = Mutex(State())
    }

    /// Writes the zeros that the output begins with.
    func begin(written: Written) throws(SystemError) {
        let isWriter = state.withLock { state in
            guard !state.isWriting else { return false }
            state.isWriting = true
            return true
        }
        if isWriter { try writeOn(written) }
    }

    /// Takes a verified chunk and writes what is next in order. Blocks while the reader is slow.
    /// - Throws: `SystemError`, EPIPE if the reader has gone.
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

    /// Writes what zeros are left, when every other chunk has been taken. Nothing else may be writing any more.
    /// - Throws: `SystemError` also if an earlier write has failed.
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
