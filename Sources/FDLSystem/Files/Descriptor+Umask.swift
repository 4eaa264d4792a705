import CLinux
import Glibc

extension Descriptor {
    /// What a file would be that is made in this directory now: whose, and with which permission bits.
    ///
    /// Umask, default ACLs, set-group-ID directories and mount options all have their say: only the system knows.
    package func statusOfNewFile() throws(SystemError) -> FileStatus {
        let unnamed = try attempt(.unnamedFile) { () throws(SystemError) in
            try check(.makeFile, path: path) {
                openat(rawValue, ".", FDL_O_TMPFILE | O_WRONLY | O_CLOEXEC, 0o666)
            }
        }
        if let unnamed { return try Descriptor(owning: unnamed, path: path).status() }
        // Not every file system has files without a name.
        let name = StagedFile.name()
        defer { _ = unlinkat(rawValue, name, 0) }
        // Closed before it is removed: FUSE gives an open file another name instead.
        return try open(child: name, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o666).status()
    }
}
