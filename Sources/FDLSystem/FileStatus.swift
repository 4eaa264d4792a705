import Glibc

/// What the file system says of a file.
public struct FileStatus: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case regular, directory, symbolicLink, other
    }

    public let kind: Kind
    /// In bytes.
    public let size: Int64
    /// The last change of content, in nanoseconds since 1970-01-01T00:00:00Z.
    public let modified: Int64
    /// The last change of content or attributes, likewise.
    public let changed: Int64
    /// Permission bits.
    public let mode: UInt32
    public let inode: UInt64
    public let device: UInt64

    /// Which file it is, whatever its name.
    public struct Identity: Sendable, Hashable {
        public let device: UInt64
        public let inode: UInt64
    }

    public var identity: Identity { Identity(device: device, inode: inode) }

    /// Whether the owner may execute it.
    public var isExecutable: Bool { mode & 0o100 != 0 }

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
    }

    /// The status of what `path` names.
    /// - Parameter following: whether a symbolic link at the end of the path is followed.
    public init(path: String, following: Bool = true) throws(SystemError) {
        var status = stat()
        try check("look at", path: path) {
            fstatat(AT_FDCWD, path, &status, following ? 0 : AT_SYMLINK_NOFOLLOW)
        }
        self.init(status)
    }
}
