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

/// A cache of recently compressed chunks, and of chunks known not to shrink.
///
/// There are two generations, each up to half of the capacity. An entry that is asked for moves to the young one. When
/// that is full it becomes the old one, and the entries left in the former old one are dropped.
final class CompressedChunks: Sendable {
    struct Key: Hashable, Sendable {
        let digest: SHA256Digest
        let encoding: ContentEncoding
    }

    enum Entry: Sendable {
        case compressed(CompressedChunk)
        case doesNotShrink

        /// In bytes, with an estimate of what the table itself takes.
        var cost: Int {
            switch self {
            case .compressed(let chunk): chunk.bytes.readableBytes + 256
            case .doesNotShrink: 256
            }
        }
    }

    private struct Generations {
        var capacity: Int
        var young: [Key: Entry] = [:]
        var old: [Key: Entry] = [:]
        var youngCost = 0
    }

    private let generations: Mutex<Generations>

    /// - Parameter capacity: in bytes; 0 remembers nothing.
    init(capacity: Int) {
        generations = Mutex(Generations(capacity: capacity))
    }

    /// Has another capacity from now on. If that is smaller, what has not been asked for lately is forgotten, and all if
    /// the rest is still too much.
    /// - Parameter capacity: in bytes.
    func resize(to capacity: Int) {
        generations.withLock { generations in
            if capacity < generations.capacity { generations.old = [:] }
            if generations.youngCost > capacity / 2 {
                generations.young = [:]
                generations.youngCost = 0
            }
            generations.capacity = capacity
        }
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
        let most = generations.capacity / 2
        guard entry.cost <= most, generations.young[key] == nil else { return }
        if generations.youngCost + entry.cost > most {
            generations.old = generations.young
            generations.young = [:]
            generations.youngCost = 0
        }
        generations.young[key] = entry
        generations.youngCost += entry.cost
    }
}

/// Compresses chunks. Reads the disk and takes long: not for an event loop.
enum ChunkCompression {
    /// A low level: chunks are compressed on demand, and the processor is scarcer than bandwidth.
    static let level: Int32 = 3

    /// - Throws: `SystemError` if the chunk cannot be read, `CompressionError` if memory is short.
    static func compress(_ chunk: CompressibleChunk) throws -> CompressedChunks.Entry {
        let slice = chunk.slice
        let length = Int(slice.length)
        let plain = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 64)
        defer { plain.deallocate() }
        // If the file was cut short meanwhile, the plain answer finds out and breaks off.
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
        // A copy of the exact size: the cache must not keep the unused capacity.
        let compressed = ByteBuffer(bytes: buffer.readableBytesView)
        let digest = compressed.withUnsafeReadableBytes { SHA256Digest(hashing: $0) }
        return .compressed(CompressedChunk(bytes: compressed, digest: digest))
    }
}
