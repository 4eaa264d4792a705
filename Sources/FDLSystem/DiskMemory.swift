import CLinux
import Glibc

/// Memory that is filled once and then read by the disk (`Descriptor.writeBlocks`), not by the processor.
///
/// It lies in huge pages where the kernel gives them (madvise(2), MADV_HUGEPAGE): a direct write pins its pages one by
/// one, and a chunk of a megabyte is one page then, not 256. What is not touched takes no room.
///
/// Sendable because it only owns its memory: who may use which part of it when is for the holder to see to.
public final class DiskMemory: @unchecked Sendable {
    /// All of it, starting on a huge page.
    public let bytes: UnsafeMutableRawBufferPointer

    /// The size of a huge page on the machines that matter (x86-64, and arm64 with pages of 4 KiB), in bytes.
    private static let hugePage = 2 << 20

    public init(byteCount: Int) {
        bytes = .allocate(byteCount: byteCount, alignment: Self.hugePage)
        // Where it is refused, the pages are ordinary ones.
        _ = madvise(bytes.baseAddress, byteCount, MADV_HUGEPAGE)
    }

    deinit { bytes.deallocate() }
}

extension UnsafeMutableRawBufferPointer {
    /// Copies all of `source` to the beginning of this memory, past the processor's cache: for what the processor will
    /// not read again, which would push out what it will.
    /// - Precondition: there is room for it, and the two do not overlap.
    public func copyPastCache(from source: UnsafeRawBufferPointer) {
        precondition(source.count <= count, "no room for what is copied")
        guard let target = baseAddress, let origin = source.baseAddress else { return }
        fdl_copy_past_cache(target, origin, source.count)
    }
}
