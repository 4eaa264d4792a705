import FDLCore
import FDLCrypto
import FDLSystem
import Glibc

/// Reads and hashes parts of the input's files. Shared by all threads: it has no state but the open folder.
final class InputHasher: Sendable {
    private let input: PublishingInput
    private let folder: SharedDescriptor?

    init(_ input: PublishingInput) throws(PublishingError) {
        self.input = input
        do {
            let flags = O_RDONLY | O_DIRECTORY
            self.folder = input.isFolder ? SharedDescriptor(try Descriptor(opening: input.path, flags: flags)) : nil
        } catch {
            throw .input(error)
        }
    }

    /// Hashes `range` of a file in pieces of `step` bytes, the last one short, and hands each digest on.
    ///
    /// The file must be the one that was found, with the size and the time of change that it had, before and after.
    func hash(
        file index: Int,
        range: Range<Int64>,
        step: Int64,
        with hasher: inout RangeHasher,
        each: (SHA256Digest, _ byteCount: Int64) -> Void
    ) throws(PublishingError) {
        let file = input.files[index]
        let shownPath = input.isFolder ? "\(input.path)/\(file.path)" : input.path
        do throws(SystemError) {
            let descriptor = try open(file)
            guard FileIdentity(try descriptor.status()) == file.identity else { throw Self.changed }
            var data = KnownData(file: range)
            var offset = range.lowerBound
            while offset < range.upperBound {
                let end = min(offset + step, range.upperBound)
                each(try hasher.digest(of: descriptor, range: offset..<end, data: &data), end - offset)
                offset = end
            }
            guard FileIdentity(try descriptor.status()) == file.identity else { throw Self.changed }
        } catch {
            guard error != Self.changed, error.code != ENOENT, error.code != ELOOP else {
                throw .changed(path: shownPath)
            }
            throw .input(error)
        }
    }

    private func open(_ file: PublishingInput.File) throws(SystemError) -> Descriptor {
        // Not blocking: what was a file may be a pipe by now.
        let flags = O_RDONLY | O_NOCTTY | O_NONBLOCK
        guard let folder else { return try Descriptor(opening: input.path, flags: flags) }
        return try folder.descriptor.open(beneath: file.path.string, flags: flags)
    }

    fileprivate static let changed = SystemError(operation: .read, code: ESTALE)
}

/// Where a part of a file has data, as far as the file system was asked.
private struct KnownData {
    /// The next range of data. The bytes between where was asked last and this range are a hole.
    private var next: Range<Int64>

    /// Below this, reading costs less than asking.
    private static let leastBytes = 64 << 10

    init(file range: Range<Int64>) {
        // Nothing known: the first question is at its beginning. A short one counts as data.
        next = range.count < Self.leastBytes ? range : range.lowerBound..<range.lowerBound
    }

    /// How far from `offset` on the file is data or a hole throughout.
    ///
    /// A file system that cannot tell has data everywhere.
    mutating func extent(
        from offset: Int64,
        to end: Int64,
        in descriptor: borrowing Descriptor
    ) -> (end: Int64, isHole: Bool) {
        if offset >= next.upperBound {
            do throws(SystemError) {
                next = try descriptor.nextData(from: offset) ?? Int64.max..<Int64.max
            } catch {
                next = offset..<Int64.max
            }
        }
        let isHole = offset < next.lowerBound
        // A range of no bytes, which only a file that changes has, must not stop the reader.
        return (max(offset + 1, min(end, isHole ? next.lowerBound : next.upperBound)), isHole)
    }
}

/// One thread's buffer and hasher.
struct RangeHasher: ~Copyable {
    // Small enough to be still in the cache when it is hashed, large enough that the calls do not count.
    private static let bufferBytes = 256 << 10

    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferBytes, alignment: 4096)
    private var hasher = SHA256Hasher()
    /// The digest of so many zeros, by their number: those of the two or three lengths of chunks.
    private var zeros: [Int64: SHA256Digest] = [:]

    init() {}

    deinit { buffer.deallocate() }

    fileprivate mutating func digest(
        of descriptor: borrowing Descriptor,
        range: Range<Int64>,
        data: inout KnownData
    ) throws(SystemError) -> SHA256Digest {
        hasher.reset()
        var offset = range.lowerBound
        while offset < range.upperBound {
            let extent = data.extent(from: offset, to: range.upperBound, in: descriptor)
            if extent.isHole {
                let count = extent.end - offset
                if count == range.upperBound - range.lowerBound { return digest(ofZeros: count) }
                hashZeros(count)
                offset = extent.end
                continue
            }
            while offset < extent.end {
                let wanted = Int(min(Int64(buffer.count), extent.end - offset))
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
                guard try descriptor.read(into: part, at: offset) == wanted else { throw InputHasher.changed }
                hasher.update(UnsafeRawBufferPointer(part))
                offset += Int64(wanted)
            }
        }
        return hasher.finalize()
    }

    private mutating func digest(ofZeros count: Int64) -> SHA256Digest {
        if let known = zeros[count] { return known }
        hashZeros(count)
        let digest = hasher.finalize()
        // Whole files may have any length.
        if zeros.count < 64 { zeros[count] = digest }
        return digest
    }

    private mutating func hashZeros(_ count: Int64) {
        let zeros = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(Int64(buffer.count), count))])
        _ = zeros.initializeMemory(as: UInt8.self, repeating: 0)
        var left = count
        while left > 0 {
            let part = Int(min(Int64(zeros.count), left))
            hasher.update(UnsafeRawBufferPointer(rebasing: zeros[..<part]))
            left -= Int64(part)
        }
    }
}
