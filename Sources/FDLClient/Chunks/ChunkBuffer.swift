import FDLSystem
import Synchronization

/// The bytes of one chunk in contiguous memory. A chunk of a block or more is aligned for writes past the page cache.
///
/// Sendable although its memory changes: only the verifier that took it from the pool fills it, and hands it on when
/// it is full. From then on nobody writes to it, and only its current holder may give the memory back.
final class ChunkBuffer: @unchecked Sendable {
    private var memory: ChunkMemory?
    private let pool: ChunkBufferPool
    /// How many bytes have been appended.
    private(set) var count = 0

    fileprivate init(_ memory: ChunkMemory, of pool: ChunkBufferPool) {
        self.memory = memory
        self.pool = pool
    }

    deinit { giveBack() }

    /// Gives the memory back to the pool: from now on the buffer is empty and has no room. Call this before reporting
    /// the chunk as stored, so that the memory is free when the plan asks for more; otherwise `deinit` does it.
    func giveBack() {
        if let memory { pool.give(memory) }
        memory = nil
        count = 0
    }

    /// Appends as many of `bytes` as there is room for.
    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let memory else { return }
        let taken = UnsafeRawBufferPointer(rebasing: bytes.prefix(memory.bytes.count - count))
        let room = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[count...])
        if pool.isForDisk { room.copyPastCache(from: taken) } else { room.copyMemory(from: taken) }
        count += taken.count
    }

    /// Passes the bytes appended so far to `body`. The pointer is valid only while `body` runs.
    func withBytes<Result, Failure>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(appended)
    }

    /// Passes the bytes of several buffers to `body`. The pointers are valid only while `body` runs.
    static func withBytes<Result, Failure>(
        of buffers: [ChunkBuffer],
        _ body: ([UnsafeRawBufferPointer]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(buffers) {} }
        return try body(buffers.map(\.appended))
    }

    private var appended: UnsafeRawBufferPointer {
        guard let memory else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(rebasing: memory.bytes[..<count])
    }
}

/// Memory for one chunk: a part of the pool's memory, or an allocation of its own.
///
/// Sendable because it has one user at a time, so the pointer may move between threads with that user.
private struct ChunkMemory: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
    let isPartOfPool: Bool
}

/// The buffers of one download. Memory for full-size chunks is reused rather than freed, because mapping a page again
/// costs as much as hashing a good part of it.
final class ChunkBufferPool: Sendable {
    /// Whether chunks are written past the page cache (`OutputFile`). The disk then reads the buffers itself, so they
    /// are filled past the processor's cache. If the file system cannot do direct writes, this costs only time.
    let isForDisk: Bool
    private let chunkSize: Int
    private let memory: DiskMemory
    private let free: Mutex<[ChunkMemory]>

    /// - Parameters:
    ///   - chunkSize: the length in bytes of every chunk except the last of each file.
    ///   - memoryLimit: the plan's memory limit in bytes; the pool has room for as many full-size chunks.
    init(chunkSize: Int, memoryLimit: Int, isForDisk: Bool) {
        self.isForDisk = isForDisk
        self.chunkSize = chunkSize
        let count = memoryLimit / chunkSize
        let memory = DiskMemory(byteCount: count * chunkSize, inHugePages: isForDisk)
        self.memory = memory
        // Buffers are taken from the end of the list. Reversed, the first parts of the memory are used first, and few
        // buffers touch few huge pages.
        let parts = (0..<count).reversed().map { part in
            UnsafeMutableRawBufferPointer(rebasing: memory.bytes[(part * chunkSize)..<((part + 1) * chunkSize)])
        }
        free = Mutex(parts.map { ChunkMemory(bytes: $0, isPartOfPool: true) })
    }

    /// An empty buffer for a chunk of `length` bytes. If the chunk is short or the pool is used up, it gets memory of
    /// its own.
    func buffer(length: Int) -> ChunkBuffer {
        if length == chunkSize, let part = free.withLock({ $0.popLast() }) { return ChunkBuffer(part, of: self) }
        // A chunk shorter than a block is never written past the page cache, and a page for each would cost too much.
        let alignment = length < Descriptor.blockSize ? 16 : Descriptor.blockSize
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: alignment)
        return ChunkBuffer(ChunkMemory(bytes: bytes, isPartOfPool: false), of: self)
    }

    fileprivate func give(_ memory: ChunkMemory) {
        if memory.isPartOfPool { free.withLock { $0.append(memory) } } else { memory.bytes.deallocate() }
    }
}
