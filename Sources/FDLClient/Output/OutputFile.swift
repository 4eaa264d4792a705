import FDLSystem
import Synchronization

/// A file of the output, open for writing.
///
/// A large file is written past the page cache if the file system can do that: the output has to be on the disk before
/// it gets its name, so a copy in the page cache would cost time and memory for nothing.
final class OutputFile: Sendable {
    /// In bytes. Smaller files go through the page cache: they fit in it and are likely to be read soon.
    static let directSize: Int64 = 64 << 20
    /// How many threads it takes to keep the disk busy with direct writes, each of which waits for the disk.
    static let writers = 4

    /// In bytes. In smaller files written through the page cache, writeback is left to the sync at the end.
    private static let writebackSize: Int64 = 256 << 10

    private let holder: SharedDescriptor
    private let writesBack: Bool
    private let direct: Descriptor?
    /// Whether the file system has taken all direct writes so far.
    private let takesDirect: Atomic<Bool>
    /// Held during a write through the page cache: the kernel admits one writer to a file at a time, and the threads
    /// that wait for it spin.
    private let buffered = Mutex(())

    /// - Parameters:
    ///   - holder: the open file.
    ///   - size: of the whole file, in bytes.
    ///   - usesPageCache: whether even a large file goes through the page cache.
    convenience init(_ holder: SharedDescriptor, size: Int64, usesPageCache: Bool) {
        let isDirect = size >= Self.directSize && !usesPageCache
        let direct = isDirect ? holder.descriptor.reopenedForDirectWriting() : nil
        self.init(holder, direct: direct, writesBack: size >= Self.writebackSize)
    }

    /// - Parameters:
    ///   - holder: the open file.
    ///   - direct: the same file opened for direct writes; nil to write through the page cache only.
    ///   - writesBack: whether each write through the page cache starts writeback at once.
    init(_ holder: SharedDescriptor, direct: consuming Descriptor?, writesBack: Bool = true) {
        self.writesBack = writesBack
        self.holder = holder
        self.direct = direct
        takesDirect = Atomic(true)
    }

    /// Writes all of `bytes` at `offset`.
    /// - Returns: how many of them went past the page cache.
    @discardableResult
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        let done = try writeDirectly([bytes], at: offset)
        guard done < bytes.count else { return done }
        let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
        try buffered.withLock { _ throws(SystemError) in
            try holder.descriptor.write(rest, at: offset + Int64(done))
        }
        // For a small file the sync at the end is enough: starting writeback costs more than it gains.
        if writesBack { holder.descriptor.startWriteback(at: offset + Int64(done), length: rest.count) }
        return done
    }

    /// Writes parts of the file that follow each other from `offset` on.
    func write(_ parts: [UnsafeRawBufferPointer], at offset: Int64) throws(SystemError) {
        var done = parts.count > 1 ? try writeDirectly(parts, at: offset) : 0
        var offset = offset
        for part in parts {
            let skipped = min(done, part.count)
            done -= skipped
            try write(UnsafeRawBufferPointer(rebasing: part[skipped...]), at: offset + Int64(skipped))
            offset += Int64(part.count)
        }
    }

    /// Fills a part of the file with zeros, as a hole if the file system has holes. Extends the file if necessary.
    /// - Parameters:
    ///   - range: in bytes.
    ///   - isFresh: whether nothing has been written there since the file was created: then it is a hole already.
    func clear(_ range: Range<Int64>, isFresh: Bool) throws(SystemError) {
        if try holder.descriptor.status().size < range.upperBound {
            try holder.descriptor.truncate(to: range.upperBound)
        }
        guard !isFresh, let data = try holder.descriptor.nextData(from: range.lowerBound),
            data.lowerBound < range.upperBound
        else { return }
        guard try !holder.descriptor.punchHole(range) else { return }
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        var offset = max(range.lowerBound, data.lowerBound)
        while offset < range.upperBound {
            let count = Int(min(Int64(zeros.count), range.upperBound - offset))
            try zeros.span.withUnsafeBytes { zeros throws(SystemError) in
                try holder.descriptor.write(UnsafeRawBufferPointer(rebasing: zeros[..<count]), at: offset)
            }
            offset += Int64(count)
        }
    }

    /// Writes whole blocks past the page cache.
    /// - Returns: how many bytes of the beginning were written; 0 if the file system does not take direct writes.
    private func writeDirectly(_ parts: [UnsafeRawBufferPointer], at offset: Int64) throws(SystemError) -> Int {
        guard takesDirect.load(ordering: .relaxed), direct != nil else { return 0 }
        guard let done = try direct?.writeBlocks(parts, at: offset) else {
            takesDirect.store(false, ordering: .relaxed)
            return 0
        }
        return done
    }
}
