import CLinux
import Glibc

// Writing past the page cache (O_DIRECT, open(2)).
extension Descriptor {
    /// Offsets, lengths and addresses have to be multiples of it: a page, which is a multiple of every disk's block.
    package static let blockSize = 4096

    /// IOV_MAX (limits.h), which Linux has had since 2.4.
    private static let mostVectors = 1024

    /// A second descriptor of this file that writes past the page cache; nil if the file system or the kernel has
    /// no such thing, or `/proc` is not there to reach the same file by.
    package func reopenedForDirectWriting() -> Descriptor? { reopened(O_WRONLY | FDL_O_DIRECT) }

    func reopened(_ flags: Int32) -> Descriptor? {
        let opened = try? check(.open, path: path) { Glibc.open("/proc/self/fd/\(rawValue)", flags | O_CLOEXEC) }
        return opened.map { Descriptor(owning: $0, path: path) }
    }

    /// Writes the whole blocks at the beginning of `parts`, one behind the other, at `offset`, straight to the disk.
    /// - Returns: how many bytes are written, a multiple of `blockSize`: fewer than there are if the kernel stops
    ///   early or a part does not begin on a block; 0 if already the offset does not; nil if the file system refuses
    ///   direct writes.
    package func writeBlocks(_ parts: [UnsafeRawBufferPointer], at offset: Int64) throws(SystemError) -> Int? {
        let mask = Self.blockSize - 1
        guard offset & Int64(mask) == 0 else { return 0 }
        var vectors: [iovec] = []
        for part in parts.prefix(Self.mostVectors) {
            guard Int(bitPattern: part.baseAddress) & mask == 0 else { break }
            let whole = part.count & ~mask
            if whole > 0 { vectors.append(iovec(iov_base: .init(mutating: part.baseAddress), iov_len: whole)) }
            guard whole == part.count else { break }
        }
        guard !vectors.isEmpty else { return 0 }
        return try attempt(.direct) { () throws(SystemError) in
            let count = try check(.write, path: path) {
                vectors.count == 1
                    ? pwrite(rawValue, vectors[0].iov_base, vectors[0].iov_len, off_t(offset))
                    : pwritev(rawValue, vectors, Int32(vectors.count), off_t(offset))
            }
            return count & ~mask
        }
    }
}
