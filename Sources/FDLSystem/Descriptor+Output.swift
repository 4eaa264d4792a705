import CLinux
import FDLCore
import Glibc

extension Descriptor {
    /// Reserves room for the whole file without changing its size, so that a full disk shows now.
    /// - Returns: false where the file system cannot reserve.
    @discardableResult
    public func reserve(_ size: Int64) throws(SystemError) -> Bool {
        guard size > 0 else { return true }
        do throws(SystemError) {
            try check("reserve room for", path: path) { fdl_reserve(rawValue, 0, size) }
            return true
        } catch {
            if error.code == EOPNOTSUPP || error.code == ENOSYS { return false }
            throw error
        }
    }

    /// Asks the kernel to begin writing the range to the disk, so that a later `sync` has less to wait for.
    public func startWriteback(at offset: Int64, length: Int) {
        _ = fdl_start_writeback(rawValue, offset, Int64(length))
    }

    /// The next range at or after `offset` that may hold data; nil where only a hole is left.
    ///
    /// A file system without holes says that all of the file is data.
    public func nextData(from offset: Int64) throws(SystemError) -> Range<Int64>? {
        let start: Int64
        do throws(SystemError) {
            start = Int64(try check("seek in", path: path) { lseek(rawValue, off_t(offset), FDL_SEEK_DATA) })
        } catch {
            if error.code == ENXIO { return nil }
            throw error
        }
        let end = Int64(try check("seek in", path: path) { lseek(rawValue, off_t(start), FDL_SEEK_HOLE) })
        return start..<max(start, end)
    }

    /// Sets the permission bits.
    public func setMode(_ mode: UInt32) throws(SystemError) {
        try check("change the mode of", path: path) { fchmod(rawValue, mode) }
    }

    /// Bytes that this user can still write to the file system.
    public func freeBytes() throws(SystemError) -> Int64 {
        var status = statvfs()
        try check("look at the file system of", path: path) { fstatvfs(rawValue, &status) }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int64(clamping: bytes)
    }
}

// The operations below act on an entry of this directory and never follow a symbolic link at its end.
extension Descriptor {
    /// What an entry is; nil where there is none.
    public func status(child name: String) throws(SystemError) -> FileStatus? {
        var status = stat()
        do throws(SystemError) {
            try check("look at", path: joined(name)) { fstatat(rawValue, name, &status, AT_SYMLINK_NOFOLLOW) }
        } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
        return FileStatus(status)
    }

    /// Makes a directory below this one, with those above it that are missing; those that exist are kept.
    /// - Parameter relativePath: parts with `/` between them, none of them `..`, no symbolic link among them.
    public func createDirectory(beneath relativePath: String, mode: UInt32 = 0o777) throws(SystemError) {
        var directory = try duplicate()
        for part in pathParts(relativePath) {
            do throws(SystemError) {
                try check("create", path: directory.joined(part)) { mkdirat(directory.rawValue, part, mode) }
            } catch {
                guard error.code == EEXIST else { throw error }
            }
            directory = try directory.open(child: part, flags: O_RDONLY | O_DIRECTORY)
        }
    }

    /// The names in this directory, bytes that are not UTF-8 replaced.
    public func names() throws(SystemError) -> [String] { try FileTree.names(in: self) }

    /// A second descriptor of the same open file or directory.
    public func duplicate() throws(SystemError) -> Descriptor {
        Descriptor(owning: try check("open", path: path) { fcntl(rawValue, F_DUPFD_CLOEXEC, 0) }, path: path)
    }

    /// What a rename does where the new name is taken.
    public enum RenameMode: Sendable {
        /// Fails with EEXIST.
        case refuse
        /// Takes the place of the old file.
        case replace
        /// Lets the two change names.
        case exchange
    }

    /// Renames an entry within this directory, in one step.
    public func rename(child name: String, to newName: String, _ mode: RenameMode) throws(SystemError) {
        let flags: UInt32 =
            switch mode {
            case .refuse: UInt32(FDL_RENAME_NOREPLACE)
            case .replace: 0
            case .exchange: UInt32(FDL_RENAME_EXCHANGE)
            }
        do throws(SystemError) {
            try check("rename", path: joined(name)) { fdl_rename(rawValue, name, rawValue, newName, flags) }
        } catch {
            // File systems without the flag: looking first leaves a gap in which another process can make the file,
            // which is the best they offer.
            guard mode == .refuse, error.code == EINVAL || error.code == ENOSYS else { throw error }
            guard try status(child: newName) == nil else {
                throw SystemError(operation: "rename", path: joined(newName), code: EEXIST)
            }
            try check("rename", path: joined(name)) { renameat(rawValue, name, rawValue, newName) }
        }
    }

    /// Removes a file, or a directory with all that is in it.
    public func removeTree(child name: String) throws(SystemError) {
        guard let status = try status(child: name) else { return }
        guard status.kind == .directory else {
            try check("remove", path: joined(name)) { unlinkat(rawValue, name, 0) }
            return
        }
        let directory = try open(child: name, flags: O_RDONLY | O_DIRECTORY)
        for entry in try directory.names() { try directory.removeTree(child: entry) }
        try check("remove", path: joined(name)) { unlinkat(rawValue, name, AT_REMOVEDIR) }
    }
}
