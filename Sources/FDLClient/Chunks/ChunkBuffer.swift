import FDLSystem
import Synchronization

/// The bytes of one chunk in one piece of page-aligned memory, as writing past the page cache wants them.
///
/// Sendable though its memory changes: the assembler that took it from the pool is the only one to fill it, and hands
/// it on when it is full. From then on nobody writes to it, and its only holder may give its memory back.
final class ChunkBuffer: @unchecked Sendable {
    private var memory: ChunkMemory?
    private let pool: ChunkBufferPool
    /// Bytes that have come.
    private(set) var count = 0

    fileprivate init(_ memory: ChunkMemory, of pool: ChunkBufferPool) {
        self.memory = memory
        self.pool = pool
    }

    deinit { giveBack() }

    /// Gives the memory back to the pool: from now on the buffer is empty and has no room. To be called before anybody
    /// is told that its place is free; otherwise the last reference's end does it.
    func giveBack() {
        if let memory { pool.give(memory) }
        memory = nil
        count = 0
    }

    /// Takes as many of `bytes` as there is room for.
    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let memory else { return }
        let taken = UnsafeRawBufferPointer(rebasing: bytes.prefix(memory.bytes.count - count))
        let room = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[count...])
        if pool.isForDisk { room.copyPastCache(from: taken) } else { room.copyMemory(from: taken) }
        count += taken.count
    }

    /// What has come. The pointer is valid only while `body` runs.
    func withBytes<Result, Failure>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let memory else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        return try body(UnsafeRawBufferPointer(rebasing: memory.bytes[..<count]))
    }
}

/// Page-aligned memory with one user at a time: a part of the pool's, or a piece by itself.
///
/// Sendable because of that: a pointer that only one uses may move between threads with it.
private struct ChunkMemory: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
    let isPartOfPool: Bool
}

/// The buffers of one download. Memory for whole chunks is used again rather than returned: it is mapped, and mapping
/// a page costs as much as hashing a good part of it.
final class ChunkBufferPool: Sendable {
    /// Whether the disk reads whole chunks out of their buffers by itself (`OutputFile`), so that it pays to write them
    /// past the processor's cache. If its file system cannot, nothing is lost but time.
    let isForDisk: Bool
    private let chunkSize: Int
    private let memory: DiskMemory
    private let free: Mutex<[ChunkMemory]>

    /// - Parameters:
    ///   - chunkSize: the length in bytes of all chunks but each file's last.
    ///   - memoryLimit: the plan's, in bytes: as many chunks are on their way at once.
    init(chunkSize: Int, memoryLimit: Int, isForDisk: Bool) {
        self.isForDisk = isForDisk
        self.chunkSize = chunkSize
        let count = memoryLimit / chunkSize
        let memory = DiskMemory(byteCount: count * chunkSize, inHugePages: isForDisk)
        self.memory = memory
        // The last is taken first: those at the beginning lie in the same huge pages.
        let parts = (0..<count).reversed().map { part in
            UnsafeMutableRawBufferPointer(rebasing: memory.bytes[(part * chunkSize)..<((part + 1) * chunkSize)])
        }
        free = Mutex(parts.map { ChunkMemory(bytes: $0, isPartOfPool: true) })
    }

    /// An empty buffer for a chunk of `length` bytes. A short one, and one beyond the limit, has memory of its own.
    func buffer(length: Int) -> ChunkBuffer {
        if length == chunkSize, let part = free.withLock({ $0.popLast() }) { return ChunkBuffer(part, of: self) }
        // Less than a block is never written past the page cache, and a page for each would be most of their cost.
        let alignment = length < Descriptor.blockSize ? 16 : Descriptor.blockSize
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: alignment)
        return ChunkBuffer(ChunkMemory(bytes: bytes, isPartOfPool: false), of: self)
    }

    fileprivate func give(_ memory: ChunkMemory) {
        if memory.isPartOfPool { free.withLock { $0.append(memory) } } else { memory.bytes.deallocate() }
    }
}
