import FDLCore
import FDLSystem
import Glibc

/// The partial output on disk: the file or folder `NAME.fdl-part` beside the final name. It is open, locked if the file
/// system has locks, and no other user can change it.
struct PartialOutput: Sendable {
    /// The open file or folder. It holds the lock.
    let holder: SharedDescriptor
    /// Whether this run created it.
    let isNew: Bool
    /// Whether the lock keeps other downloads out. Not every file system has locks.
    let isLocked: Bool
    /// The user ID that owns it, and that must own each file in it.
    let owner: UInt32

    /// Opens or creates the partial output.
    /// - Parameter mode: the permission bits of a new file, before the umask.
    /// - Throws: `Failure`: 73 if it cannot be created, another download holds it, or others could change it; 74 if the
    ///   disk is full or fails.
    init(of target: OutputTarget, mode: UInt32) throws(Failure) {
        let directory = target.directory
        let opened = try Self.explaining(target, namingIt: true) { () throws(SystemError) in
            try Self.open(target, mode)
        }
        (isNew, holder) = opened
        let status = try Self.explaining(target) { () throws(SystemError) in try opened.holder.descriptor.status() }
        guard status.kind == (target.isFolder ? .directory : .regular) else { throw Self.inTheWay(target) }
        let lock = try Self.explaining(target) { () throws(SystemError) in try opened.holder.descriptor.lock() }
        // Between the open and the lock, another download may have finished and renamed the file: then this lock is on
        // the finished output.
        let named = try Self.explaining(target) { () throws(SystemError) in
            try directory.descriptor.status(child: target.partName)
        }
        guard lock != .held, named?.identity == status.identity else {
            throw Failure(
                .cannotCreate,
                "another download is writing \(target.path)",
                hint: "wait for it, or choose another name with -o"
            )
        }
        isLocked = lock == .taken
        owner = status.owner
        if !opened.isNew { try Self.checkOwn(status, target) }
    }

    /// Refuses a partial output that another user can write to, or may still hold open from when they owned it: its
    /// bytes could change after they have been verified.
    private static func checkOwn(_ found: FileStatus, _ target: OutputTarget) throws(Failure) {
        let new = try explaining(target) { () throws(SystemError) in
            try target.directory.descriptor.statusOfNewFile()
        }
        let reason: String
        if found.kind == .regular, found.links > 1 {
            reason = "it has another name too (a hard link)"
        } else if found.owner != new.owner {
            reason = "it belongs to another user"
        } else if found.mode & 0o666 & ~new.mode != 0 {
            reason = "its permissions are wider than those of a new file there"
        } else {
            return
        }
        throw Failure(
            .cannotCreate,
            "\(target.partPath) is not taken over: \(reason)",
            hint: "move it away or remove it, then run the same command again"
        )
    }

    private static func open(
        _ target: OutputTarget,
        _ mode: UInt32
    ) throws(SystemError) -> (isNew: Bool, holder: SharedDescriptor) {
        let parent = target.directory
        if target.isFolder {
            let isNew = try parent.descriptor.createDirectory(child: target.partName)
            let folder = try parent.descriptor.open(child: target.partName, flags: O_RDONLY | O_DIRECTORY)
            return (isNew, SharedDescriptor(folder))
        }
        let flags = O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY
        do throws(SystemError) {
            let file = try parent.descriptor.open(child: target.partName, flags: flags | O_EXCL, mode: mode)
            return (true, SharedDescriptor(file))
        } catch {
            guard error.code == EEXIST else { throw error }
            let file = try parent.descriptor.open(child: target.partName, flags: flags, mode: mode)
            return (false, SharedDescriptor(file))
        }
    }

    private static func explaining<Value>(
        _ target: OutputTarget,
        namingIt: Bool = false,
        _ body: () throws(SystemError) -> Value
    ) throws(Failure) -> Value {
        do { return try body() } catch {
            switch error.code {
            case ELOOP, ENOTDIR, EISDIR, EEXIST, ENXIO: throw inTheWay(target)
            case ENOSPC, EDQUOT, EIO: throw error.failure(for: .work)
            // The directory is open already, so these errors mean that it cannot hold the name.
            case ENOENT where namingIt, EINVAL where namingIt, EILSEQ where namingIt:
                throw Failure(refused: target.partName, error)
            default: throw error.failure(for: .output)
            }
        }
    }

    private static func inTheWay(_ target: OutputTarget) -> Failure {
        Failure(
            .cannotCreate,
            "\(target.partPath) is in the way: it is not an incomplete download",
            hint: "move it away, or choose another name with -o"
        )
    }
}
