import CLinux
import FDLCore
import Glibc

extension Descriptor {
    /// Reserves room for a part of the file without changing the file's size, so that a full disk shows now.
    /// - Returns: false if the file system cannot reserve.
    @discardableResult
    package func reserve(_ range: Range<Int64>) throws(SystemError) -> Bool {
        guard !range.isEmpty else { return true }
        return try attempt(.reservation) { () throws(SystemError) in
            try check(.reserveRoom, path: path) {
                fdl_reserve(rawValue, range.lowerBound, range.upperBound - range.lowerBound)
            }
        } != nil
    }

    /// Makes a part of the file read as zeros that take no room. The file's size stays.
    /// - Returns: false if the file system cannot, and nothing was changed.
    package func punchHole(_ range: Range<Int64>) throws(SystemError) -> Bool {
        guard !range.isEmpty else { return true }
        return try attempt(.hole) { () throws(SystemError) in
            try check(.makeHole, path: path) {
                fdl_punch_hole(rawValue, range.lowerBound, range.upperBound - range.lowerBound)
            }
        } != nil
    }

    /// Asks the kernel to begin writing the range to the disk, so that a later `sync` has less to wait for.
    package func startWriteback(at offset: Int64, length: Int) {
        _ = fdl_start_writeback(rawValue, offset, Int64(length))
    }

    /// The next range at or after `offset` that may hold data; nil if only a hole is left.
    ///
    /// A file system without holes, or one that cannot tell, says that all of the file is data.
    package func nextData(from offset: Int64) throws(SystemError) -> Range<Int64>? {
        let found: Range<Int64>??
        found = try attempt(.seekingData) { () throws(SystemError) -> Range<Int64>? in
            guard let start = try seek(from: offset, FDL_SEEK_DATA) else { return nil }
            // A hole begins at the file's end at the latest.
            let end = try seek(from: start, FDL_SEEK_HOLE) ?? start
            return start..<max(start, end)
        }
        if let found { return found }
        let size = try status().size
        return offset < size ? offset..<size : nil
    }

    private func seek(from offset: Int64, _ whence: Int32) throws(SystemError) -> Int64? {
        do throws(SystemError) {
            return Int64(try check(.seek, path: path) { lseek(rawValue, off_t(offset), whence) })
        } catch {
            if error.code == ENXIO { return nil }
            throw error
        }
    }

    /// Sets the permission bits.
    /// - Returns: false if the file system has none to set, or this user may not.
    @discardableResult
    package func setMode(_ mode: UInt32) throws(SystemError) -> Bool {
        try attempt(.mode) { () throws(SystemError) in
            try check(.changeMode, path: path) { fchmod(rawValue, mode) }
        } != nil
    }

    /// Bytes that this user can still write to the file system; nil if it does not say.
    package func freeBytes() throws(SystemError) -> Int64? {
        var status = statvfs()
        let isKnown = try attempt(.freeSpace) { () throws(SystemError) in
            try check(.lookAtFileSystem, path: path) { fstatvfs(rawValue, &status) }
        }
        // Some network and FUSE file systems answer with zeros for what they do not know.
        guard isKnown != nil, status.f_blocks > 0 else { return nil }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int64(clamping: bytes)
    }

    /// The longest name that an entry of this directory can have, in bytes.
    package func longestName() -> Int {
        var status = statvfs()
        guard fstatvfs(rawValue, &status) == 0, status.f_namemax > 0 else { return 255 }
        return Int(clamping: status.f_namemax)
    }
}

// The operations below act on an entry of this directory and never follow a symbolic link at its end.
extension Descriptor {
    /// Makes a directory below this one, with those above it that are missing; those that exist are kept.
    /// - Parameter relativePath: parts with `/` between them, none of them `..`, no symbolic link among them.
    package func createDirectory(beneath relativePath: String, mode: UInt32 = 0o777) throws(SystemError) {
        var directory = try duplicate()
        for part in pathParts(relativePath) {
            try directory.createDirectory(child: part, mode: mode)
            directory = try directory.open(child: part, flags: FDL_O_PATH | O_DIRECTORY)
        }
    }

    /// Makes a directory in this one.
    /// - Returns: false if something has the name.
    @discardableResult
    package func createDirectory(child name: String, mode: UInt32 = 0o777) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try check(.create, path: joined(name)) { mkdirat(rawValue, name, mode) }
            return true
        } catch {
            guard error.code == EEXIST else { throw error }
            return false
        }
    }

    /// Whether the file system takes two names in this directory for one.
    /// - Returns: false also if it cannot hold one of them.
    package func folds(_ first: String, _ second: String) throws(SystemError) -> Bool {
        try tryingOut { directory throws(SystemError) in
            guard (try? directory.createFile(first)) != nil else { return false }
            return try directory.status(child: second) != nil
        }
    }

    /// The first of some names that no file can have here.
    package func refusedName(
        among names: [String]
    ) throws(SystemError) -> (index: Int, error: SystemError)? {
        try tryingOut { directory throws(SystemError) in
            for (index, name) in names.enumerated() {
                do throws(SystemError) {
                    try directory.createFile(name)
                } catch {
                    // Two of them may be one name here, which is not asked.
                    guard error.code != EEXIST else { continue }
                    // A name that any file system holds: otherwise it is not the name.
                    try directory.createFile(StagedFile.name())
                    return (index, error)
                }
            }
            return nil
        }
    }

    /// Names are tried out in a directory of their own in this one, which is gone afterwards.
    private func tryingOut<Result>(
        _ body: (borrowing Descriptor) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        let place = StagedFile.name()
        try createDirectory(beneath: place, mode: 0o700)
        defer { try? removeTree(child: place) }
        return try body(try open(child: place, flags: O_RDONLY | O_DIRECTORY))
    }

    private func createFile(_ name: String) throws(SystemError) {
        _ = try open(child: name, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
    }

    /// A second descriptor of the same open file or directory.
    package func duplicate() throws(SystemError) -> Descriptor {
        Descriptor(owning: try check(.open, path: path) { fcntl(rawValue, F_DUPFD_CLOEXEC, 0) }, path: path)
    }

    /// What a rename does where the new name is taken.
    package enum RenameMode: Sendable {
        /// Fails with EEXIST.
        case refuse
        /// Takes the place of the old file.
        case replace
        /// Lets the two change names.
        case exchange
    }

    /// Renames an entry within this directory, in one step.
    package func rename(child name: String, to newName: String, _ mode: RenameMode) throws(SystemError) {
        let flags: UInt32 =
            switch mode {
            case .refuse: UInt32(FDL_RENAME_NOREPLACE)
            case .replace: 0
            case .exchange: UInt32(FDL_RENAME_EXCHANGE)
            }
        do throws(SystemError) {
            try check(.rename, path: joined(name)) { fdl_rename(rawValue, name, rawValue, newName, flags) }
        } catch {
            guard mode != .exchange, Nicety.renameFlags.cannot(error.code) else { throw error }
            // File systems without the flag: looking first leaves a gap in which another process can make the file,
            // which is the best they offer.
            if mode == .refuse, try status(child: newName) != nil {
                throw SystemError(operation: .rename, path: joined(newName), code: EEXIST)
            }
            try check(.rename, path: joined(name)) { renameat(rawValue, name, rawValue, newName) }
        }
    }

    /// Finds out whether this user may give an entry's name to something else, before there is anything to rename.
    /// - Throws: `SystemError`, what a rename over the entry would fail with.
    package func checkReplaceable(child name: String) throws(SystemError) {
        guard let entry = try status(child: name) else { return }
        func refuse(_ code: Int32) -> SystemError { SystemError(operation: .replace, path: joined(name), code: code) }
        let attributes = try attributes(child: name)
        if try isMountPoint(child: name, attributes) { throw refuse(EBUSY) }
        if entry.kind == .directory {
            let fixing = UInt64(STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)
            if let attributes, attributes.has & fixing != 0 { throw refuse(EPERM) }
            let directory = try self.status()
            let isSticky = directory.mode & UInt32(S_ISVTX) != 0
            // A privileged user may all the same; then it is the rename that tells.
            if isSticky, geteuid() != 0, entry.owner != geteuid(), directory.owner != geteuid() { throw refuse(EPERM) }
        } else if unlinkat(rawValue, name, AT_REMOVEDIR) != 0, [EACCES, EPERM, EROFS].contains(errno) {
            // Nothing is removed: the kernel looks at permissions, sticky and immutable bits first, and then sees that
            // a file is no directory.
            throw refuse(errno)
        }
    }

    /// Which attributes of statx(2) an entry has, and of which the kernel can tell; nil if it can tell none.
    private func attributes(child name: String) throws(SystemError) -> (has: UInt64, known: UInt64)? {
        var (has, known): (UInt64, UInt64) = (0, 0)
        let answer = try attempt(.mountPoint) { () throws(SystemError) in
            try check(.lookAt, path: joined(name)) { fdl_attributes(rawValue, name, &has, &known) }
        }
        return answer.map { _ in (has, known) }
    }

    /// Whether something is mounted at an entry. If the kernel cannot tell, it is told by the device.
    private func isMountPoint(
        child name: String,
        _ attributes: (has: UInt64, known: UInt64)?
    ) throws(SystemError) -> Bool {
        let isMounted = UInt64(STATX_ATTR_MOUNT_ROOT)
        if let attributes, attributes.known & isMounted != 0 { return attributes.has & isMounted != 0 }
        return try status(child: name)?.device != self.status().device
    }
}
