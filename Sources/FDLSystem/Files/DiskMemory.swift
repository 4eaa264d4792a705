import CLinux
import Glibc

/// One piece of memory for many buffers that are written to disk (`Descriptor.writeBlocks`), starting on a page.
///
/// Sendable because it only owns its memory: who may use which part of it when is for the holder to see to.
package final class DiskMemory: @unchecked Sendable {
    package let bytes: UnsafeMutableRawBufferPointer

    /// The size of a huge page on the machines that matter (x86-64, and arm64 with pages of 4 KiB), in bytes.
    private static let hugePage = 2 << 20

    /// Pages take room when they are first touched.
    /// - Parameter inHugePages: whether they are huge ones where the kernel has them (madvise(2), MADV_HUGEPAGE). A
    ///   direct write pins its pages one by one: a chunk of a megabyte is one then, not 256.
    package init(byteCount: Int, inHugePages: Bool) {
        bytes = .allocate(byteCount: byteCount, alignment: inHugePages ? Self.hugePage : Descriptor.blockSize)
        // Where it is refused, the pages are ordinary ones.
        if inHugePages { _ = madvise(bytes.baseAddress, byteCount, MADV_HUGEPAGE) }
    }

    deinit { bytes.deallocate() }
}

extension UnsafeMutableRawBufferPointer {
    /// Copies all of `source` to the beginning of this memory, past the processor's cache: for what the processor will
    /// not read again, which would push out what it will.
    /// - Precondition: there is room for it, and the two do not overlap.
    package func copyPastCache(from source: UnsafeRawBufferPointer) {
        precondition(source.count <= count, "no room for what is copied")
        guard let target = baseAddress, let origin = source.baseAddress else { return }
        fdl_copy_past_cache(target, origin, source.count)
    }
}
