import CLinux
import Glibc

// Syncing a whole file system (syncfs(2)).
extension Descriptor {
    /// Whether `syncFileSystem` does for all that was written what `sync` does for each file, failures included.
    ///
    /// Linux tells syncfs(2) of lost writes since 5.8, and of a journal that could not be written since 5.17 (its change
    /// "vfs: make sync_filesystem return errors from ->sync_fs"); only file systems with a disk of their own beneath do.
    package var syncsAllAtOnce: Bool {
        // ext4, XFS, Btrfs, F2FS.
        switch fileSystemMagic() {
        case 0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010: Self.kernelTellsOfAllLostWrites
        default: false
        }
    }

    private static let kernelTellsOfAllLostWrites: Bool = {
        var names = utsname()
        guard uname(&names) == 0 else { return false }
        let release = withUnsafeBytes(of: names.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        let numbers = release.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
        return numbers.count == 2 && (numbers[0], numbers[1]) >= (5, 17)
    }()

    /// Makes everything that was written to this file system survive a loss of power.
    /// - Throws: `SystemError` also if a write to any of its files was lost since this was opened.
    package func syncFileSystem() throws(SystemError) {
        try check(.syncFileSystem, path: path) { fdl_sync_file_system(rawValue) }
    }
}
