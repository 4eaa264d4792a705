import Glibc

/// What a file system, a container's filter of system calls or an old kernel may be unable to do: the one place where
/// an errno is told apart as "cannot be had here" or "has failed".
///
/// A nicety that cannot be had ends nothing: the bytes arrive without it. Real failures (a broken, full or read-only disk)
/// stay errors for each of them. Syncing a file's content is no nicety: its caller has to hear of every failure.
package enum Nicety: Sendable, CaseIterable {
    /// Permission bits (fchmod(2)).
    case mode
    /// Locks (flock(2)).
    case lock
    /// Making a directory's entries durable (fsync(2) of a directory).
    case directorySync
    /// A second name of a file (link(2)).
    case link
    /// A file that shares another's data until one of them is written to (ioctl_ficlone(2)).
    case clone
    /// Copying without a way through this process (copy_file_range(2)).
    case kernelCopy
    /// A file without a name (open(2), O_TMPFILE).
    case unnamedFile
    /// A rename that refuses to replace, or that exchanges (renameat2(2)).
    case renameFlags
    /// Room kept before it is written (fallocate(2)).
    case reservation
    /// A hole made where data was (fallocate(2), FALLOC_FL_PUNCH_HOLE).
    case hole
    /// Looking for data between holes (lseek(2), SEEK_DATA).
    case seekingData
    /// How much room there is (statvfs(3)).
    case freeSpace
    /// Reading and writing past the page cache (open(2), O_DIRECT).
    case direct
    /// Reading from the page cache alone (preadv2(2), RWF_NOWAIT).
    case cachedRead
    /// Opening beneath a directory in one call (openat2(2)).
    case beneath
    /// Refusing a symbolic link while opening (open(2), O_NOFOLLOW).
    case noFollow
    /// What is mounted where (statx(2)).
    case mountPoint

    /// Whether `code` says that this cannot be had here.
    ///
    /// Filters of containers answer EPERM or ENOSYS for what they do not know, network file systems EOPNOTSUPP,
    /// EINVAL or ENOLCK, stacked ones EXDEV.
    package func cannot(_ code: Int32) -> Bool {
        // What is refused for another reason must not be opened in a laxer way.
        if self == .noFollow { return code == EINVAL || code == ENOSYS || code == EOPNOTSUPP }
        return switch code {
        case EPERM, EINVAL, ENOSYS, EOPNOTSUPP, ENOLCK, EXDEV, ENOTTY: true
        // For users who are not the owner, and for directories that may be written and not read.
        case EACCES: self == .mode || self == .lock || self == .directorySync || self == .direct
        // Where a lock or a sync wants another way of opening.
        case EBADF: self == .directorySync || self == .lock
        // Kernels before 3.11 take O_TMPFILE for O_DIRECTORY.
        case EISDIR: self == .directorySync || self == .unnamedFile
        case ENODEV, ESPIPE: self == .reservation || self == .hole || self == .seekingData
        case EMLINK: self == .link
        // /proc may not be there, and an argument list may be longer than an old kernel knows.
        case ENOENT: self == .direct || self == .unnamedFile
        case E2BIG, EAGAIN: self == .beneath || self == .cachedRead || self == .mountPoint
        default: false
        }
    }
}

/// Calls for a nicety.
/// - Returns: nil if it cannot be had here.
/// - Throws: `SystemError` if it has failed.
func attempt<Result>(
    _ nicety: Nicety,
    _ call: () throws(SystemError) -> Result
) throws(SystemError) -> Result? {
    do throws(SystemError) { return try call() } catch {
        guard nicety.cannot(error.code) else { throw error }
        return nil
    }
}
