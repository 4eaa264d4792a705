extension FileStatus {
    /// The permission bits with the executable bit wherever reading is allowed, or without it.
    package func mode(executable: Bool) -> UInt32 {
        let plain = mode & 0o666
        return executable ? mode & 0o777 | (plain & 0o444) >> 2 : plain
    }
}

extension Descriptor {
    /// Makes the file one that may be executed by all who may read it, or by nobody.
    /// - Parameter status: what the file is now.
    /// - Returns: false if the file system, or its owner, keeps the bit as it is.
    package func setExecutable(_ executable: Bool, _ status: FileStatus) throws(SystemError) -> Bool {
        let wanted = status.mode(executable: executable)
        if status.isExecutable == executable, status.mode & 0o777 == wanted { return true }
        guard try setMode(wanted) else { return false }
        // Some file systems take every mode and keep their own.
        return try self.status().isExecutable == executable
    }

    /// How a file system keeps executable bits.
    package enum ExecutableBits: Sendable, Hashable {
        case kept
        /// It shows one mode for all files.
        case none
        /// It depends on what is mounted.
        case unknown
    }

    /// Told by the kind of the file system (statfs(2), linux/magic.h).
    package func executableBits() -> ExecutableBits {
        switch fileSystemMagic() {
        // FAT, exFAT, NTFS, CIFS and SMB, ISO 9660, VirtualBox's folders.
        case 0x4d44, 0x2011_bab0, 0x5346_544e, 0x7366_746e, 0xff53_4d42, 0xfe53_4d42, 0x517b, 0x9660, 0x786f_4256: .none
        // FUSE and 9P; nil: the system does not say.
        case 0x6573_5546, 0x0102_1997, nil: .unknown
        default: .kept
        }
    }
}
