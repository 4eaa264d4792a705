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
        let taken = UnsafeRawBufferPointer(rebasing: bytes.prefix(memory.bytes.count - count))
        let room = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[count...])
        if memory.isForDisk { room.copyPastCache(from: taken) } else { room.copyMemory(from: taken) }
        count += taken.count
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
    /// Whether it is a part of a `DiskMemory`, which frees it.
    let isForDisk: Bool

    init(capacity: Int) {
        bytes = .allocate(byteCount: capacity, alignment: Descriptor.blockSize)
        isForDisk = false
    }

    init(of memory: DiskMemory, at offset: Int, capacity: Int) {
        bytes = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[offset..<(offset + capacity)])
        isForDisk = true
    }

    func free() { if !isForDisk { bytes.deallocate() } }
}

/// The buffers of one download. Memory for whole chunks is used again rather than returned: it is mapped, and mapping
/// a page costs as much as hashing a good part of it.
final class ChunkBufferPool: Sendable {
    private let chunkSize: Int
    /// How many that nobody uses are kept: as many as the plan has on their way at once.
    private let kept: Int
    private let diskMemory: DiskMemory?
    private let free: Mutex<[ChunkMemory]>

    /// - Parameters:
    ///   - chunkSize: the length in bytes of all chunks but each file's last.
    ///   - memoryLimit: the plan's, in bytes.
    ///   - isForDisk: whether the disk is to read whole chunks out of their buffers (`OutputFile`): then what is copied
    ///     into one is better not in the processor's cache.
    init(chunkSize: Int, memoryLimit: Int, isForDisk: Bool) {
        self.chunkSize = chunkSize
        let kept = memoryLimit / chunkSize
        self.kept = kept
        guard isForDisk else {
            diskMemory = nil
            free = Mutex([])
            return
        }
        let memory = DiskMemory(byteCount: kept * chunkSize)
        diskMemory = memory
        // The last is taken first: those at the beginning lie in the same huge pages.
        free = Mutex((0..<kept).reversed().map { ChunkMemory(of: memory, at: $0 * chunkSize, capacity: chunkSize) })
    }

    deinit { free.withLock { free in for memory in free { memory.free() } } }

    /// An empty buffer for a chunk of `length` bytes.
    func buffer(length: Int) -> ChunkBuffer {
        let reused = length == chunkSize ? free.withLock { $0.popLast() } : nil
        return ChunkBuffer(reused ?? ChunkMemory(capacity: length), of: self)
    }

    fileprivate func give(_ memory: ChunkMemory) {
        let isKept = free.withLock { free in
            let hasRoom = diskMemory == nil && memory.bytes.count == chunkSize && free.count < kept
            guard memory.isForDisk || hasRoom else { return false }
            free.append(memory)
            return true
        }
        if !isKept { memory.free() }
    }
}
