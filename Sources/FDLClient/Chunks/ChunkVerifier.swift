import FDLCompression
import FDLCore
import FDLCrypto

/// A chunk that was asked for: its number, its length in bytes, and the digest that its bytes must have.
struct ExpectedChunk: Sendable, Hashable {
    let index: Int
    let length: Int
    let digest: SHA256Digest
}

/// Turns the body of a response into verified chunks: hashes the bytes as they arrive, while they are still in the
/// processor's cache, gathers them in the chunk's buffer, and releases a chunk only if its digest matches.
///
/// It never holds more than the chunk being filled; the first byte beyond the last chunk is refused.
struct ChunkVerifier: ~Copyable {
    private let chunks: [ExpectedChunk]
    private let inflater: ChunkInflater?
    private let buffers: ChunkBufferPool
    private var hasher = SHA256Hasher()
    /// The partial current chunk; nil before its first byte.
    private var buffer: ChunkBuffer?
    /// Index into `chunks` of the one being filled.
    private(set) var current = 0

    /// - Parameters:
    ///   - chunks: in the order in which they follow each other in the body; not empty.
    ///   - inflater: decodes the body if it is compressed; its limit is the length of all chunks together.
    ///   - buffers: where the memory for the chunks comes from.
    init(chunks: [ExpectedChunk], inflater: ChunkInflater?, buffers: ChunkBufferPool) {
        self.chunks = chunks
        self.inflater = inflater
        self.buffers = buffers
    }

    /// The number of the chunk to name in an error: the one being filled, or the last if all are complete.
    var currentChunk: Int { chunks[min(current, chunks.count - 1)].index }

    /// Takes the next bytes of the body.
    /// - Parameter verified: called with each chunk whose last byte has come and whose digest matches.
    /// - Throws: `SourceError`: `.corrupt`, `.protocolViolation` for a body that is too long, `.undecodable`.
    mutating func append(
        _ bytes: UnsafeRawBufferPointer,
        verified: (ExpectedChunk, ChunkBuffer) -> Void
    ) throws(SourceError) {
        guard let inflater else { return try take(bytes, verified) }
        // An encoding error is reported first: chunks completed by the same bytes are not released then.
        var whole: [(ExpectedChunk, ChunkBuffer)] = []
        var refusal: SourceError?
        do throws(CompressionError) {
            try inflater.feed(bytes) { decoded in
                guard refusal == nil else { return }
                do throws(SourceError) { try take(decoded) { whole.append(($0, $1)) } } catch { refusal = error }
            }
        } catch {
            throw .undecodable("\(error)")
        }
        for (chunk, buffer) in whole { verified(chunk, buffer) }
        if let refusal { throw refusal }
    }

    /// Takes the end of the body.
    /// - Throws: `SourceError` if the body is too short (`.protocolViolation`) or its encoding is cut (`.undecodable`).
    func finish() throws(SourceError) {
        if let inflater {
            do throws(CompressionError) { try inflater.finish() } catch { throw .undecodable("\(error)") }
        }
        guard current == chunks.count else { throw .protocolViolation("the body is shorter than the chunk") }
    }

    private mutating func take(
        _ bytes: UnsafeRawBufferPointer,
        _ verified: (ExpectedChunk, ChunkBuffer) -> Void
    ) throws(SourceError) {
        var rest = bytes
        while !rest.isEmpty {
            guard current < chunks.count else { throw .protocolViolation("the body is longer than the chunk") }
            let chunk = chunks[current]
            let buffer = buffer.take() ?? buffers.buffer(length: chunk.length)
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(chunk.length - buffer.count))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
            hasher.update(piece)
            buffer.append(piece)
            guard buffer.count == chunk.length else {
                self.buffer = buffer
                return
            }
            guard hasher.finalize() == chunk.digest else { throw .corrupt }
            verified(chunk, buffer)
            current += 1
        }
    }
}
