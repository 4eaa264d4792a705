import Glibc

/// What the file system says of a file.
package struct FileStatus: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case regular, directory, symbolicLink, other
    }

    package let kind: Kind
    /// In bytes.
    package let size: Int64
    /// The last change of content, in nanoseconds since 1970-01-01T00:00:00Z.
    package let modified: Int64
    /// The last change of content or attributes, likewise.
    package let changed: Int64
    /// Permission bits.
    package let mode: UInt32
    package let inode: UInt64
    package let device: UInt64
    /// The user it belongs to.
    package let owner: UInt32
    /// How many names it has.
    package let links: UInt64
    /// Bytes that it takes on the disk.
    package let allocated: Int64

    /// Which file it is, whatever its name.
    package struct Identity: Sendable, Hashable {
        package let device: UInt64
        package let inode: UInt64
    }

    package var identity: Identity { Identity(device: device, inode: inode) }

    /// Whether the owner may execute it.
    package var isExecutable: Bool { mode & 0o100 != 0 }

    /// A status that no file system has told, with nothing known of the rest.
    package init(kind: Kind, inode: UInt64) {
        self.kind = kind
        self.inode = inode
        (size, modified, changed, allocated) = (0, 0, 0, 0)
        (mode, owner) = (0, 0)
        (device, links) = (0, 1)
    }

    init(_ status: stat) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .regular
        case S_IFDIR: kind = .directory
        case S_IFLNK: kind = .symbolicLink
        default: kind = .other
        }
        size = Int64(status.st_size)
        modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
        changed = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
        mode = UInt32(status.st_mode & 0o7777)
        inode = UInt64(status.st_ino)
        device = UInt64(status.st_dev)
        owner = status.st_uid
        links = UInt64(status.st_nlink)
        allocated = Int64(status.st_blocks) &* 512
    }

    /// The status of what `path` names.
    /// - Parameter following: whether a symbolic link at the end of the path is followed.
    package init(path: String, following: Bool = true) throws(SystemError) {
        var status = stat()
        try check(.lookAt, path: path) {
            fstatat(AT_FDCWD, path, &status, following ? 0 : AT_SYMLINK_NOFOLLOW)
        }
        self.init(status)
    }
}
