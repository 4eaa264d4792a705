import FDLSystem
import Synchronization

/// The bytes of one chunk in one piece of page-aligned memory, as writing past the page cache wants them.
///
/// Sendable though its memory changes: the assembler that took it from the pool is the only one to fill it, and hands
/// it on when it is full. From then on nobody writes to it, until the last reference is gone and the pool has it back.
final class ChunkBuffer: @unchecked Sendable {
    private let memory: ChunkMemory
    private let pool: ChunkBufferPool
    /// Bytes that have come.
    private(set) var count = 0

    fileprivate init(_ memory: ChunkMemory, of pool: ChunkBufferPool) {
        self.memory = memory
        self.pool = pool
    }

    deinit { pool.give(memory) }

    /// Takes as many of `bytes` as there is room for.
    func append(_ bytes: UnsafeRawBufferPointer) {
        let taken = min(bytes.count, memory.bytes.count - count)
        UnsafeMutableRawBufferPointer(rebasing: memory.bytes[count...])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
        count += taken
    }

    /// What has come. The pointer is valid only while `body` runs.
    func withBytes<Result, Failure>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: memory.bytes[..<count]))
    }
}

/// Page-aligned memory with one owner at a time, who is the one to free it.
///
/// Sendable because of that: a pointer that only its owner uses may move between threads with it.
private struct ChunkMemory: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    init(capacity: Int) {
        bytes = .allocate(byteCount: capacity, alignment: Descriptor.blockSize)
    }

    func free() { bytes.deallocate() }
}

/// The buffers of one download. Memory for whole chunks is used again rather than returned: it is mapped, and mapping
/// a page costs as much as hashing a good part of it.
final class ChunkBufferPool: Sendable {
    private let chunkSize: Int
    /// How many that nobody uses are kept: as many as the plan has on their way at once.
    private let kept: Int
    private let free = Mutex<[ChunkMemory]>([])

    /// - Parameters:
    ///   - chunkSize: the length in bytes of all chunks but each file's last.
    ///   - memoryLimit: the plan's, in bytes.
    init(chunkSize: Int, memoryLimit: Int) {
        self.chunkSize = chunkSize
        kept = memoryLimit / chunkSize
    }

    deinit { free.withLock { free in for memory in free { memory.free() } } }

    /// An empty buffer for a chunk of `length` bytes.
    func buffer(length: Int) -> ChunkBuffer {
        let reused = length == chunkSize ? free.withLock { $0.popLast() } : nil
        return ChunkBuffer(reused ?? ChunkMemory(capacity: length), of: self)
    }

    fileprivate func give(_ memory: ChunkMemory) {
        let isKept = free.withLock { free in
            guard memory.bytes.count == chunkSize, free.count < kept else { return false }
            free.append(memory)
            return true
        }
        if !isKept { memory.free() }
    }
}
