import FDLCore
import FDLCrypto
import FDLSystem
import Glibc

/// Reads and hashes parts of the input's files. Shared by all workers: it has no state but the open folder.
final class InputReader: Sendable {
    private let input: PublishingInput
    private let folder: Descriptor?

    init(_ input: PublishingInput) throws(PublishingError) {
        self.input = input
        do {
            self.folder = input.isFolder ? try Descriptor(opening: input.path, flags: O_RDONLY | O_DIRECTORY) : nil
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
        worker: inout HashingWorker,
        each: (SHA256Digest, _ byteCount: Int64) -> Void
    ) throws(PublishingError) {
        let file = input.files[index]
        let shownPath = input.isFolder ? "\(input.path)/\(file.path)" : input.path
        do throws(SystemError) {
            let descriptor = try open(file)
            guard FileIdentity(try descriptor.status()) == file.identity else { throw Self.changed }
            var offset = range.lowerBound
            while offset < range.upperBound {
                let end = min(offset + step, range.upperBound)
                each(try worker.digest(of: descriptor, range: offset..<end), end - offset)
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
        switch folder {
        case .some(let folder): return try folder.open(beneath: file.path.string, flags: flags)
        case .none: return try Descriptor(opening: input.path, flags: flags)
        }
    }

    fileprivate static let changed = SystemError(operation: "read", code: ESTALE)
}

/// One worker's buffer and hasher.
struct HashingWorker: ~Copyable {
    // Small enough to be still in the cache when it is hashed, large enough that the calls do not count.
    private static let bufferBytes = 256 << 10

    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferBytes, alignment: 4096)
    private var hasher = SHA256Hasher()

    init() {}

    deinit { buffer.deallocate() }

    fileprivate mutating func digest(
        of descriptor: borrowing Descriptor,
        range: Range<Int64>
    ) throws(SystemError) -> SHA256Digest {
        hasher.reset()
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = Int(min(Int64(buffer.count), range.upperBound - offset))
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
            guard try descriptor.read(into: part, at: offset) == wanted else { throw InputReader.changed }
            hasher.update(UnsafeRawBufferPointer(part))
            offset += Int64(wanted)
        }
        return hasher.finalize()
    }
}
