import CLinux
import Glibc

/// Reads a file as the disk has it.
///
/// The page cache is not the disk: after a write that was lost it still holds what was written, as if all were well
/// (fsync(2), NOTES). Reading past it (open(2), O_DIRECT) first writes out what is still to be written there.
package struct DiskReader: ~Copyable, Sendable {
    /// Where bytes come from.
    package enum Origin: Sendable, Hashable {
        /// From the disk itself, or from a file system that has none beneath it.
        case disk
        /// Perhaps from memory: the file system cannot be read past the page cache, or another cache lies beneath.
        case memory
    }

    package let file: Descriptor
    /// Of the same file, past the page cache: closed with this.
    private let direct: Descriptor?
    private let directValue: Int32?
    /// Where the bytes come from, as far as is known: it may turn from `disk` to `memory` with a read.
    package private(set) var origin: Origin

    /// - Parameter asCached: whether the page cache will do.
    package init(_ file: consuming Descriptor, asCached: Bool = false) {
        let beneath = asCached ? .stacked : file.beneath()
        if !asCached { file.settle() }
        if beneath == .disk, let opened = file.reopenedForDirectReading() {
            directValue = opened.rawValue
            direct = consume opened
            origin = .disk
        } else {
            directValue = nil
            direct = nil
            origin = beneath == .memory ? .disk : .memory
        }
        self.file = file
    }

    /// Fills `buffer` from `offset` on.
    /// - Parameter buffer: begins on a page (`Descriptor.blockSize`), and its length is a multiple of one: it may take
    ///   more than is asked for.
    /// - Returns: the bytes read, at most `length`: fewer only if the file ends.
    package mutating func read(
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: Int64,
        length: Int
    ) throws(SystemError) -> Int {
        let blocks = min(buffer.count, (length + Descriptor.blockSize - 1) & ~(Descriptor.blockSize - 1))
        if origin == .disk, let direct = directValue, offset % Int64(Descriptor.blockSize) == 0 {
            let whole = UnsafeMutableRawBufferPointer(rebasing: buffer[..<blocks])
            let path = file.path
            let count = try attempt(.direct) { () throws(SystemError) in
                try Self.readDirectly(from: direct, path, into: whole, at: offset)
            }
            if let count { return min(count, length) }
            origin = .memory
        }
        return try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<length]), at: offset)
    }

    private static func readDirectly(
        from descriptor: Int32,
        _ path: String,
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: Int64
    ) throws(SystemError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = try check(.read, path: path) {
                pread(descriptor, rest.baseAddress, rest.count, off_t(offset + Int64(done)))
            }
            done += count
            // The file's end, which alone need not lie on a block.
            if count % Descriptor.blockSize != 0 || count == 0 { break }
        }
        return done
    }
}

/// What lies beneath a file system, as far as it matters for what a read tells of the disk.
enum Beneath {
    case disk
    /// Nothing: the page cache is all there is (tmpfs).
    case memory
    /// Another program or another cache (FUSE, eCryptfs): reading past our cache does not reach the disk.
    case stacked
}

extension Descriptor {
    /// The number that tells what kind of file system this is on (statfs(2), linux/magic.h).
    func fileSystemMagic() -> UInt32? {
        let magic = fdl_file_system_magic(rawValue)
        return magic < 0 ? nil : UInt32(truncatingIfNeeded: magic)
    }

    /// Writes out what has still to be written, and lets the kernel tell of earlier writes that were lost. What it tells
    /// is passed over: the next read of the disk shows what is there.
    fileprivate func settle() { _ = fdl_write_and_wait(rawValue) }

    func beneath() -> Beneath {
        switch fileSystemMagic() {
        // tmpfs and ramfs.
        case 0x0102_1994, 0x8584_58f6: .memory
        // FUSE, eCryptfs, 9P, VirtualBox's folders.
        case 0x6573_5546, 0xf15f, 0x0102_1997, 0x786f_4256, nil: .stacked
        default: .disk
        }
    }

    /// A second descriptor of this file that reads past the page cache; nil if there is no such thing.
    func reopenedForDirectReading() -> Descriptor? { reopened(O_RDONLY | FDL_O_DIRECT) }
}
