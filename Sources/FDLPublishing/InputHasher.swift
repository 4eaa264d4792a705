import FDLCore
import FDLCrypto
import FDLSystem
import Glibc

/// Reads and hashes parts of the input's files. Shared by all threads: it has no state but the open folder.
final class InputHasher: Sendable {
    private let input: PublishingInput
    private let folder: SharedDescriptor?
    private let onPrivateKey: (@Sendable (String) -> Void)?

    /// - Parameter onPrivateKey: told of each file that is a private key, perhaps more than once.
    init(
        _ input: PublishingInput,
        onPrivateKey: (@Sendable (String) -> Void)? = nil
    ) throws(PublishingError) {
        self.input = input
        self.onPrivateKey = onPrivateKey
        do {
            let flags = O_RDONLY | O_DIRECTORY
            self.folder = input.isFolder ? SharedDescriptor(try Descriptor(opening: input.path, flags: flags)) : nil
        } catch {
            throw .input(error)
        }
    }

    /// Hashes `range` of a file in pieces of `step` bytes, of which the last may be shorter, and hands each digest on.
    ///
    /// Before and after, the file must be the one that was found, with the same size and time of change.
    /// - Throws: `PublishingError.changed` if it is not, `.input` if it cannot be read
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
            if range.lowerBound == 0, let onPrivateKey, try hasher.isPrivateKey(descriptor, size: file.size) {
                onPrivateKey(shownPath)
            }
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
        // O_NONBLOCK: what was a file may be a pipe by now.
        let flags = O_RDONLY | O_NOCTTY | O_NONBLOCK
        guard let folder else { return try Descriptor(opening: input.path, flags: flags) }
        return try folder.descriptor.open(beneath: file.path.string, flags: flags)
    }

    fileprivate static let changed = SystemError(operation: .read, code: ESTALE)
}

/// What is known of where a part of a file has data and where it has holes.
private struct KnownData {
    /// The next range of data. The bytes between the offset asked about last and this range are a hole.
    private var next: Range<Int64>

    /// For fewer bytes than this, reading costs less than asking the file system.
    private static let leastBytes = 64 << 10

    init(file range: Range<Int64>) {
        // A short range counts as data. Of a longer one nothing is known: the first `extent` asks.
        next = range.count < Self.leastBytes ? range : range.lowerBound..<range.lowerBound
    }

    /// Whether there is data or a hole at `offset`, and where that ends, before `end` or there.
    ///
    /// If the file system cannot tell, everything counts as data.
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
        // At least one byte: a file that changes may give an empty range, on which the caller would loop for ever.
        return (max(offset + 1, min(end, isHole ? next.lowerBound : next.upperBound)), isHole)
    }
}

/// One thread's buffer and hasher.
struct RangeHasher: ~Copyable {
    // Small enough to be still in the cache when it is hashed, large enough that the cost of the calls does not matter.
    private static let bufferBytes = 256 << 10

    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferBytes, alignment: 4096)
    private var hasher = SHA256Hasher()
    /// The digests of runs of zeros, by their length in bytes: chunks have only a few lengths.
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

    /// Whether a file is a private key. Only small ones are looked at: no key is large.
    fileprivate func isPrivateKey(_ descriptor: borrowing Descriptor, size: Int64) throws(SystemError) -> Bool {
        guard size > 0, size <= Int64(PrivateKeyContent.lookedAt) else { return false }
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(size)])
        let count = try descriptor.read(into: part, at: 0)
        return PrivateKeyContent.isPrivateKey(UnsafeRawBufferPointer(rebasing: part[..<count]), size: size)
    }

    private mutating func digest(ofZeros count: Int64) -> SHA256Digest {
        if let known = zeros[count] { return known }
        hashZeros(count)
        let digest = hasher.finalize()
        // Bounded, since whole files may have any length.
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
