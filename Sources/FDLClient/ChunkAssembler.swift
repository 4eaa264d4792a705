import FDLCompression
import FDLCore
import FDLCrypto
import NIOCore

/// A chunk to come: its number, its length in bytes, and what its bytes must hash to.
struct ExpectedChunk: Sendable, Hashable {
    let index: Int
    let length: Int
    let digest: SHA256Digest
}

/// Turns the body of an answer into verified chunks: hashes the bytes as they come, while they are hot in the cache,
/// keeps the slices they came in, and lets a chunk out only when its digest matches.
///
/// It never holds more than the chunks it was told to expect: a body that goes on is refused at its first byte too many.
struct ChunkAssembler: ~Copyable {
    private let chunks: [ExpectedChunk]
    private let inflater: ChunkInflater?
    private var hasher = SHA256Hasher()
    private var slices: [ByteBuffer] = []
    /// Bytes of the current chunk that have come.
    private var filled = 0
    /// Index into `chunks` of the one that is being filled.
    private(set) var current = 0

    /// - Parameters:
    ///   - chunks: in the order of the body, back to back.
    ///   - inflater: decodes the body where it is compressed; its limit is the chunks' length.
    init(chunks: [ExpectedChunk], inflater: ChunkInflater?) {
        self.chunks = chunks
        self.inflater = inflater
    }

    /// The chunk that an error now is about: the one being filled, or the last.
    var currentChunk: Int { chunks[min(current, chunks.count - 1)].index }

    /// Takes the next bytes of the body.
    /// - Parameter verified: called with each chunk whose last byte has come and whose digest matches.
    /// - Throws: `SourceError`: `.corrupt`, `.protocolViolation` for a body that is too long, `.undecodable`.
    mutating func append(
        _ bytes: ByteBuffer,
        verified: (ExpectedChunk, [ByteBuffer]) -> Void
    ) throws(SourceError) {
        guard let inflater else { return try take(bytes, verified) }
        // Gathered into one buffer per call, so that the chunk is not held in many small pieces.
        var decoded = ByteBuffer()
        do throws(CompressionError) {
            try bytes.readableBytesSpan.withUnsafeBytes { bytes throws(CompressionError) in
                try inflater.feed(bytes) { decoded.writeBytes($0) }
            }
        } catch {
            throw .undecodable("\(error)")
        }
        try take(decoded, verified)
    }

    /// Takes the end of the body.
    /// - Throws: `SourceError` where something is missing.
    mutating func finish() throws(SourceError) {
        if let inflater {
            do throws(CompressionError) { try inflater.finish() } catch { throw .undecodable("\(error)") }
        }
        guard current == chunks.count else { throw .protocolViolation("the body is shorter than the chunk") }
    }

    private mutating func take(
        _ bytes: ByteBuffer,
        _ verified: (ExpectedChunk, [ByteBuffer]) -> Void
    ) throws(SourceError) {
        var bytes = bytes
        while bytes.readableBytes > 0 {
            guard current < chunks.count else { throw .protocolViolation("the body is longer than the chunk") }
            let chunk = chunks[current]
            guard let slice = bytes.readSlice(length: min(bytes.readableBytes, chunk.length - filled)) else { return }
            slice.readableBytesSpan.withUnsafeBytes { hasher.update($0) }
            filled += slice.readableBytes
            slices.append(slice)
            if filled == chunk.length {
                guard hasher.finalize() == chunk.digest else { throw .corrupt }
                verified(chunk, slices)
                slices.removeAll(keepingCapacity: true)
                filled = 0
                current += 1
            }
        }
    }
}
