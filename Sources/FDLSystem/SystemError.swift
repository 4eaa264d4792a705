public import FDLCore
import Glibc

/// A system call that failed: what was tried, on what, and the errno.
public struct SystemError: Error, Sendable, Hashable {
    /// What was tried.
    public let operation: Operation
    /// On what; nil if only a descriptor is known.
    public let path: String?
    /// The errno.
    public let code: Int32

    package init(operation: Operation, path: String? = nil, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// What a system call was to do.
    public enum Operation: Sendable, Hashable {
        case changeMode, create, find, list, lock, lookAt, lookAtFileSystem, makeFile, makeHole, open, read, remove
        case rename, replace, reserveRoom, resize, seek, sync, syncFileSystem, write
        /// Anything else, as a verb.
        case other(String)
    }

    /// Whether there is no such file (or no such directory on the way to it).
    package var isNotFound: Bool { code == ENOENT || code == ENOTDIR }

    /// Whether there is no file that could be opened by such a name: nothing is there, something that is no file of ours
    /// to follow (a link, a socket), or a name that cannot be.
    package var isAbsence: Bool {
        switch code {
        case ENOENT, ENOTDIR, ELOOP, EXDEV, ENAMETOOLONG, ENXIO, ENODEV, EILSEQ, EINVAL, EISDIR: true
        default: false
        }
    }

    /// Whether it may be gone in a moment, and so says nothing of what is there: no lack of permission.
    package var isPassing: Bool { !isAbsence && code != EACCES && code != EPERM }

    /// Whether a file's content could not be read. Past the page cache the disk's own errnos come through: ENODATA for a
    /// bad block, EILSEQ for a wrong checksum.
    package var isOfReading: Bool { operation == .read || operation == .seek }

    /// Whether a name that was looked up is not text. The disk has other reasons for this errno.
    private var isOfName: Bool { code == EILSEQ && operation == .find }
}

// MARK: - What a person is told

extension SystemError: Explained {
    /// What a call was made for: the exit code depends on it, and what helps.
    public enum Purpose: Sendable, Hashable, CaseIterable {
        /// The work itself, with this machine's disk, memory and descriptors: 74.
        case work
        /// Reading what the command line names: 64 if there is no such thing, else 74.
        case input
        /// Making what `-o` names, or what has its place by default: 73.
        case output
        /// Reading or keeping keys, certificates and settings: 78.
        case settings
    }

    /// The failure of work on this machine.
    public var failure: Failure { failure(for: .work) }

    /// The failure a person sees, with a hint that fits the errno.
    public func failure(for purpose: Purpose) -> Failure {
        Failure(exitCode(for: purpose), description, hint: hint(for: purpose))
    }

    private func exitCode(for purpose: Purpose) -> ExitCode {
        // A name that is not text is the command line's fault, whatever it was wanted for.
        if isOfName { return .usage }
        return switch purpose {
        case .work: .localIO
        case .input: isNotFound ? .usage : .localIO
        case .output: .cannotCreate
        case .settings: .configuration
        }
    }

    private func hint(for purpose: Purpose) -> String {
        switch code {
        case ENOSPC, EDQUOT: "make room there, then run the same command again: what is there is kept"
        case EPERM where path == nil, EACCES where path == nil, ENOSYS where path == nil:
            "a sandbox (seccomp) keeps it from this process: allow it there"
        case EACCES, EPERM, EROFS:
            if purpose == .output {
                "choose a place that you may write to, with -o"
            } else if code == EROFS {
                "choose a place that is not mounted read-only"
            } else {
                "check the permissions of the path and of the directories above it"
            }
        case ENOENT, ENOTDIR: "check the path"
        case EMFILE, ENFILE: "raise the limit of open files (ulimit -n)"
        case EPIPE: "what reads the output has ended: let it read to the end, or give a file's name with -o"
        case EILSEQ where isOfName: "run it where every directory's name is UTF-8"
        case EILSEQ where operation == .open || operation == .create:
            "this file system cannot hold such a name: choose a place on another one"
        case EIO, ENODATA, EILSEQ, EREMOTEIO, ENOLINK, EUCLEAN:
            "the disk may be failing: look at the kernel's log, then run the same command again"
        case EISDIR: "name a file: this is a directory"
        case EEXIST, ENOTEMPTY: "move it away, or choose another name"
        case EFBIG: "it is larger than such a file may be here: check that it is the one meant"
        case ENAMETOOLONG: "choose a shorter name"
        case EBADF: "it was closed before the program began: leave it open, or give a file's name with -o"
        case ELOOP: "name the file itself: there is a symbolic link in the way"
        case EINVAL, EOPNOTSUPP: "this file system cannot do it: choose a place on another one"
        case EBADMSG: "the file is damaged: restore it, or remove it"
        case ETXTBSY, EBUSY: "something is using it: try again when that has ended"
        case ENOMEM: "close what takes the memory, or raise the limit (ulimit -v), then run the same command again"
        case EAGAIN: "raise the limit of threads (ulimit -u, or the container's)"
        default: "check the path and the disk it is on, then run the same command again"
        }
    }
}

/// Runs `body`, and turns what it throws into what a person is told of a call made for `purpose`.
package func explaining<Value: ~Copyable>(
    for purpose: SystemError.Purpose,
    _ body: () throws(SystemError) -> Value
) throws(Failure) -> Value {
    do throws(SystemError) { return try body() } catch { throw error.failure(for: purpose) }
}

extension SystemError: CustomStringConvertible {
    public var description: String {
        let target = path.map { " \($0)" } ?? ""
        return "cannot \(operation)\(target): \(Self.text(code))"
    }

    /// The errno in words.
    package static func text(_ code: Int32) -> String {
        // Glibc's module has POSIX's strerror_r, which fills the buffer and returns 0.
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension SystemError.Operation: CustomStringConvertible {
    /// A verb, to stand before a path.
    public var description: String {
        switch self {
        case .changeMode: "change the mode of"
        case .create: "create"
        case .find: "find"
        case .list: "list"
        case .lock: "lock"
        case .lookAt: "look at"
        case .lookAtFileSystem: "look at the file system of"
        case .makeFile: "make a file in"
        case .makeHole: "make a hole in"
        case .open: "open"
        case .read: "read"
        case .remove: "remove"
        case .rename: "rename"
        case .replace: "replace"
        case .reserveRoom: "reserve room for"
        case .resize: "resize"
        case .seek: "seek in"
        case .sync: "sync"
        case .syncFileSystem: "sync the file system of"
        case .write: "write"
        case .other(let verb): verb
        }
    }
}

/// Calls again while a signal interrupts, and turns -1 into a `SystemError`.
@discardableResult
func check<Result: SignedInteger>(
    _ operation: SystemError.Operation,
    path: @autoclosure () -> String? = nil,
    _ call: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = call()
        if result != -1 { return result }
        let code = errno
        if code != EINTR { throw SystemError(operation: operation, path: path(), code: code) }
    }
}
