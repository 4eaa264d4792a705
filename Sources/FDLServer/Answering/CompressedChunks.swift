import FDLCompression
import FDLCore
import FDLCrypto
import FDLSystem
import NIOCore
import Synchronization

/// A chunk as it is sent compressed.
struct CompressedChunk: Sendable {
    let bytes: ByteBuffer
    /// Of the compressed bytes.
    let digest: SHA256Digest
}

/// Chunks that were compressed lately, and those found not to shrink.
///
/// Two generations, each up to half of the bytes allowed: what is asked for moves to the young one; when that is full,
/// it becomes the old one and what nobody has asked for since goes.
final class CompressedChunks: Sendable {
    struct Key: Hashable, Sendable {
        let digest: SHA256Digest
        let encoding: ContentEncoding
    }

    enum Entry: Sendable {
        case compressed(CompressedChunk)
        case doesNotShrink

        /// With a guess at what the table itself takes.
        var cost: Int {
            switch self {
            case .compressed(let chunk): chunk.bytes.readableBytes + 256
            case .doesNotShrink: 256
            }
        }
    }

    private struct Generations {
        var young: [Key: Entry] = [:]
        var old: [Key: Entry] = [:]
        var youngCost = 0
    }

    private let capacity: Int
    private let generations = Mutex(Generations())

    /// - Parameter capacity: in bytes; 0 remembers nothing.
    init(capacity: Int) {
        self.capacity = capacity
    }

    func entry(for key: Key) -> Entry? {
        generations.withLock { generations in
            if let entry = generations.young[key] { return entry }
            guard let entry = generations.old.removeValue(forKey: key) else { return nil }
            store(entry, key, in: &generations)
            return entry
        }
    }

    func insert(_ entry: Entry, for key: Key) {
        generations.withLock { store(entry, key, in: &$0) }
    }

    private func store(_ entry: Entry, _ key: Key, in generations: inout Generations) {
        guard entry.cost <= capacity / 2, generations.young[key] == nil else { return }
        if generations.youngCost + entry.cost > capacity / 2 {
            generations.old = generations.young
            generations.young = [:]
            generations.youngCost = 0
        }
        generations.young[key] = entry
        generations.youngCost += entry.cost
    }
}

/// Compresses chunks on threads that may take their time.
enum ChunkCompression {
    /// A low level: on demand, the processor is scarcer than the line. What is asked for often is kept.
    static let level: Int32 = 3

    /// - Throws: `SystemError` where the chunk cannot be read, `CompressionError` where memory is short.
    static func compress(_ chunk: CompressibleChunk) throws -> CompressedChunks.Entry {
        let slice = chunk.slice
        let length = Int(slice.length)
        let plain = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 64)
        defer { plain.deallocate() }
        // A file cut short meanwhile is left to the plain answer, which notices.
        guard try slice.file.read(into: plain, at: slice.offset) == length else { return .doesNotShrink }

        var buffer = ByteBufferAllocator().buffer(capacity: ChunkDeflater.worthwhileBytes(length))
        var isSmaller = false
        try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { output in
            let deflater = ChunkDeflater(level: level)
            let written = try deflater.compress(UnsafeRawBufferPointer(plain), as: chunk.encoding, into: output)
            isSmaller = written != nil
            return written ?? 0
        }
        guard isSmaller else { return .doesNotShrink }
        // Keep what the chunk became, not the room it might have needed.
        let compressed = ByteBuffer(bytes: buffer.readableBytesView)
        let digest = compressed.withUnsafeReadableBytes { SHA256Digest(hashing: $0) }
        return .compressed(CompressedChunk(bytes: compressed, digest: digest))
    }
}
