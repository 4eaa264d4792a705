import FDLSystem
import Synchronization

/// A file of the output, open for writing.
///
/// A large one is written past the page cache, if the file system can: the result has to be on the disk before it
/// gets its name, so a copy of it in memory is work and room for nothing.
final class OutputFile: Sendable {
    /// Files of fewer bytes go through the page cache: they are likely to be read soon, and the cache has room.
    static let directSize: Int64 = 64 << 20
    /// How many threads keep the disk busy with writes that each wait for it.
    static let writers = 4

    private static let writebackSize: Int64 = 256 << 10

    private let holder: SharedDescriptor
    private let writesBack: Bool
    private let direct: Descriptor?
    /// Whether the file system has taken all direct writes so far.
    private let takesDirect: Atomic<Bool>
    /// Through the page cache the kernel lets one thread at a time write to a file, and those that wait, spin.
    private let buffered = Mutex(())

    /// - Parameters:
    ///   - size: of the whole file, in bytes.
    ///   - usesPageCache: whether even a large file goes through the page cache.
    convenience init(_ holder: SharedDescriptor, size: Int64, usesPageCache: Bool) {
        let isDirect = size >= Self.directSize && !usesPageCache
        let direct = isDirect ? holder.descriptor.reopenedForDirectWriting() : nil
        self.init(holder, direct: direct, writesBack: size >= Self.writebackSize)
    }

    /// - Parameter direct: the same file, to be written to past the page cache; nil if it is not.
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
        let done = try writeDirectly(bytes, at: offset)
        guard done < bytes.count else { return done }
        let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
        try buffered.withLock { _ throws(SystemError) in
            try holder.descriptor.write(rest, at: offset + Int64(done))
        }
        // A small file waits for the sync at the end: writing it out by itself costs more than it gains.
        if writesBack { holder.descriptor.startWriteback(at: offset + Int64(done), length: rest.count) }
        return done
    }

    /// Makes a part of the file zeros: a hole if the file system has them, as it is where nothing was written.
    /// - Parameter isFresh: whether nothing was written there since the file was made.
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

    /// - Returns: how many bytes, from the first, are written: as many as whole blocks hold, or fewer.
    private func writeDirectly(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        guard takesDirect.load(ordering: .relaxed), direct != nil else { return 0 }
        guard let done = try direct?.writeBlocks(bytes, at: offset) else {
            takesDirect.store(false, ordering: .relaxed)
            return 0
        }
        return done
    }
}
