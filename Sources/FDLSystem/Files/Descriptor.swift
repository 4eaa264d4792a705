import CLinux
import Glibc

/// An open file or directory, closed when its owner is gone.
///
/// Every operation goes on after a signal and after a short read or write, so that a caller sees only "all of it"
/// or an error.
package struct Descriptor: ~Copyable, Sendable {
    package let rawValue: Int32
    /// The path of the directory that it was opened in; nil if `name` says all.
    private let directory: String?
    private let name: String

    /// What it was opened as, for messages. Put together only when one is made: a server opens a file for each request.
    package var path: String { directory.map { joinedPath($0, name) } ?? name }

    /// Takes over a descriptor that is open already.
    package init(owning rawValue: Int32, path: String) {
        self.init(owning: rawValue, name: path, in: nil)
    }

    /// Takes over a descriptor that was opened as `name` in a directory.
    init(owning rawValue: Int32, name: String, in directory: String?) {
        self.rawValue = rawValue
        self.directory = directory
        self.name = name
    }

    /// Opens `path`; O_CLOEXEC is added to `flags`.
    package init(opening path: String, flags: Int32, mode: UInt32 = 0) throws(SystemError) {
        let rawValue = try check(.open, path: path) { Glibc.open(path, flags | O_CLOEXEC, mode) }
        self.init(owning: rawValue, path: path)
    }

    /// Opens a directory to work in: also one whose entries this user may not list.
    package init(openingDirectory path: String) throws(SystemError) {
        do throws(SystemError) {
            try self.init(opening: path, flags: O_RDONLY | O_DIRECTORY)
        } catch {
            guard error.code == EACCES else { throw error }
            try self.init(opening: path, flags: FDL_O_PATH | O_DIRECTORY)
        }
    }

    deinit { _ = close(rawValue) }

    package func status() throws(SystemError) -> FileStatus {
        var status = stat()
        try check(.lookAt, path: path) { fstat(rawValue, &status) }
        return FileStatus(status)
    }

    /// Fills `buffer` from `offset` on.
    /// - Returns: the bytes read: fewer than asked for only if the file ends.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = try check(.read, path: path) {
                pread(rawValue, rest.baseAddress, rest.count, off_t(offset + Int64(done)))
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Reads what the page cache holds of the range, without waiting for the disk.
    /// - Returns: the bytes read, 0 at the end of the file; nil if even the first byte would have to wait, or where
    ///   the file system cannot tell.
    package func readCached(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int? {
        try attempt(.cachedRead) { () throws(SystemError) in
            try check(.read, path: path) { fdl_read_cached(rawValue, buffer.baseAddress, buffer.count, offset) }
        }
    }

    /// The whole file, from its beginning.
    /// - Parameter limit: a file with more bytes than this is refused with EFBIG.
    package func readAll(limit: Int) throws(SystemError) -> [UInt8] {
        let expected = Int(clamping: try status().size)
        guard expected <= limit else { throw SystemError(operation: .read, path: path, code: EFBIG) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(expected)
        var block = [UInt8](repeating: 0, count: max(4096, min(expected + 1, 1 << 20)))
        while true {
            let offset = Int64(bytes.count)
            let count = try block.withUnsafeMutableBufferPointer { block throws(SystemError) in
                try read(into: UnsafeMutableRawBufferPointer(block), at: offset)
            }
            bytes += block[..<count]
            guard bytes.count <= limit else { throw SystemError(operation: .read, path: path, code: EFBIG) }
            if count < block.count { return bytes }
        }
    }

    /// All that comes until the end, of what has no offsets: a pipe or a terminal.
    /// - Parameter limit: more bytes than this are refused with EFBIG.
    package func readOn(limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try block.withUnsafeMutableBufferPointer { block throws(SystemError) in
                try check(.read, path: path) { Glibc.read(rawValue, block.baseAddress, block.count) }
            }
            guard count > 0 else { return bytes }
            bytes += block[..<count]
            guard bytes.count <= limit else { throw SystemError(operation: .read, path: path, code: EFBIG) }
        }
    }

    /// Writes all of `bytes` at `offset`.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = try check(.write, path: path) {
                pwrite(rawValue, rest.baseAddress, rest.count, off_t(offset + Int64(done)))
            }
            guard count > 0 else { throw SystemError(operation: .write, path: path, code: EIO) }
            done += count
        }
    }

    /// Writes all of `bytes` where the descriptor stands: for pipes and terminals.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            do throws(SystemError) {
                done += try check(.write, path: path) { Glibc.write(rawValue, rest.baseAddress, rest.count) }
            } catch {
                guard error.code == EAGAIN else { throw error }
                waitUntilWritable(rawValue)
            }
        }
    }

    /// Makes what was written survive a loss of power.
    ///
    /// Linux tells of a lost write once, and keeps what was to be written in the page cache as if the disk had it
    /// (fsync(2), NOTES). So after a failure the cache is dropped, and the next reader sees the disk.
    package func sync() throws(SystemError) {
        do throws(SystemError) { try check(.sync, path: path) { fsync(rawValue) } } catch {
            dropCached()
            throw error
        }
    }

    /// Makes this directory's entries survive a loss of power, if the file system can.
    package func syncDirectory() throws(SystemError) {
        _ = try attempt(.directorySync) { () throws(SystemError) in
            try check(.sync, path: path) { fsync(rawValue) }
        }
    }

    /// Drops what the page cache holds of the file, but for what has still to be written. An advice: nothing follows
    /// from it.
    package func dropCached() { _ = posix_fadvise(rawValue, 0, 0, POSIX_FADV_DONTNEED) }

    /// Cuts or extends the file; an extension is a hole.
    package func truncate(to size: Int64) throws(SystemError) {
        try check(.resize, path: path) { ftruncate(rawValue, off_t(size)) }
    }

    /// How an attempt to take a lock ended.
    package enum LockOutcome: Sendable, Hashable {
        case taken
        /// By another holder.
        case held
        /// The file system has no locks.
        case unavailable
    }

    /// Takes the file's exclusive lock, which ends with the descriptor, without waiting for it.
    package func lock() throws(SystemError) -> LockOutcome {
        do throws(SystemError) {
            try check(.lock, path: path) { flock(rawValue, LOCK_EX | LOCK_NB) }
            return .taken
        } catch {
            if error.code == EWOULDBLOCK { return .held }
            guard Nicety.lock.cannot(error.code) else { throw error }
            return .unavailable
        }
    }

    /// Gives the lock up before the descriptor is closed: a process that was forked meanwhile holds it too until it
    /// runs another program (flock(2)).
    package func unlock() { _ = flock(rawValue, LOCK_UN) }

    /// Waits for the file's exclusive lock.
    /// - Returns: false if the file system has no locks.
    @discardableResult
    package func waitForLock() throws(SystemError) -> Bool {
        try attempt(.lock) { () throws(SystemError) in
            try check(.lock, path: path) { flock(rawValue, LOCK_EX) }
        } != nil
    }
}

/// Waits until a pipe or terminal takes more: a program that shares it may have made it non-blocking.
package func waitUntilWritable(_ descriptor: Int32) {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    poll(&wanted, 1, -1)
}
