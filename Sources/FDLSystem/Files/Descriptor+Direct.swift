import CLinux
import Glibc

// Writing past the page cache (O_DIRECT, open(2)).
extension Descriptor {
    /// Offsets, lengths and addresses have to be multiples of it: a page, which is a multiple of every disk's block.
    package static let blockSize = 4096

    /// A second descriptor of this file that writes past the page cache; nil if the file system or the kernel has
    /// no such thing, or `/proc` is not there to reach the same file by.
    package func reopenedForDirectWriting() -> Descriptor? { reopened(O_WRONLY | FDL_O_DIRECT) }

    func reopened(_ flags: Int32) -> Descriptor? {
        let opened = try? check(.open, path: path) { Glibc.open("/proc/self/fd/\(rawValue)", flags | O_CLOEXEC) }
        return opened.map { Descriptor(owning: $0, path: path) }
    }

    /// Writes the whole blocks at the beginning of `bytes` at `offset`, straight to the disk.
    /// - Returns: how many bytes are written, a multiple of `blockSize`: fewer than there are if the kernel stops
    ///   early; 0 if offset or address do not lie on a block; nil if the file system refuses direct writes.
    package func writeBlocks(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) -> Int? {
        let whole = bytes.count & ~(Self.blockSize - 1)
        let mask = UInt(Self.blockSize - 1)
        guard whole > 0, UInt(bitPattern: bytes.baseAddress) & mask == 0, offset & Int64(mask) == 0 else { return 0 }
        return try attempt(.direct) { () throws(SystemError) in
            let count = try check(.write, path: path) { pwrite(rawValue, bytes.baseAddress, whole, off_t(offset)) }
            return count & ~(Self.blockSize - 1)
        }
    }
}
