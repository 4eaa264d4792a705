import FDLCore
import FDLSystem
import Glibc
import Synchronization

/// The directory that is served. Nothing outside of it can be opened through it.
final class ServedRoot: Sendable {
    /// What is at this path may be replaced, for instance by a link to the next release: `refresh` follows.
    let path: String
    private let directory: Mutex<Directory>
    private let secrets = Mutex(Secrets())
    /// Tells private keys by their content.
    let keys = PrivateKeyInspection()

    private struct Directory: Sendable {
        let opened: SharedDescriptor
        let identity: FileStatus.Identity
        /// Without links; nil where it cannot be told.
        let realPath: String?

        init(_ path: String) throws(SystemError) {
            opened = SharedDescriptor(try Descriptor(opening: path, flags: O_RDONLY | O_DIRECTORY))
            identity = try opened.descriptor.status().identity
            do throws(SystemError) { realPath = try FDLSystem.realPath(path) } catch { realPath = nil }
        }
    }

    /// The files that are never served.
    private struct Secrets: Sendable {
        var identities: Set<FileStatus.Identity> = []
        /// Absolute, without links in their directories: what is at such a path next is refused as well, before anybody
        /// has told of it.
        var paths: Set<String> = []
    }

    /// - Throws: `SystemError` if `path` is not a directory or cannot be read.
    init(_ path: String) throws(SystemError) {
        self.path = path
        self.directory = Mutex(try Directory(path))
        // A directory can be entered without being readable; then nothing could be found in it.
        _ = try FileTree.regularFiles(beneath: path) { _ in false }
    }

    private var current: Directory { directory.withLock { $0 } }

    /// Serves from the directory that the path names now.
    /// - Throws: `SystemError` if that is not a directory or cannot be opened; then the one in use stays.
    func refresh() throws(SystemError) {
        guard try FileStatus(path: path).identity != current.identity else { return }
        let renewed = try Directory(path)
        directory.withLock { $0 = renewed }
    }

    /// From now on `open` refuses the file that is at `secret` now, under any of its names, and whatever is at that path
    /// later.
    func refuse(_ secret: String) {
        let slash = secret.lastIndex(of: "/")
        let folder = slash.map { $0 == secret.startIndex ? "/" : String(secret[..<$0]) } ?? "."
        let name = secret[secret.lastPart...]
        var paths: [String] = []
        if let real = try? realPath(folder) { paths.append(real == "/" ? "/\(name)" : "\(real)/\(name)") }
        // A link's target too: what is renewed may be that.
        if let real = try? realPath(secret) { paths.append(real) }
        let identity = try? FileStatus(path: secret).identity
        secrets.withLock { secrets in
            secrets.paths.formUnion(paths)
            if let identity { secrets.identities.insert(identity) }
        }
    }

    /// Whether a file below the root is one that was refused, by its path or by itself.
    func isRefused(_ relativePath: String, _ identity: FileStatus.Identity) -> Bool {
        let directory = current
        return secrets.withLock { secrets in
            if secrets.identities.contains(identity) { return true }
            guard let root = directory.realPath, !secrets.paths.isEmpty else { return false }
            return secrets.paths.contains(root == "/" ? "/\(relativePath)" : "\(root)/\(relativePath)")
        }
    }

    /// Opens a regular file below the root without following symbolic links.
    /// - Returns: nil if there is none that may be served.
    /// - Throws: `SystemError` if there may be one, and this machine cannot open it now: nobody is to learn from that
    ///   that there is none.
    func open(_ relativePath: String) throws(SystemError) -> ServedFile? {
        do throws(SystemError) {
            // O_NONBLOCK: opening a named pipe must not wait for its writer.
            let flags = O_RDONLY | O_NOCTTY | O_NONBLOCK
            let file = try ServedFile(current.opened.descriptor.open(beneath: relativePath, flags: flags))
            guard let file, !isRefused(relativePath, file.status.identity) else { return nil }
            return file
        } catch {
            if error.isAbsence { return nil }
            throw error
        }
    }

    /// Whether files can be opened at all.
    /// - Throws: `SystemError` if not even the root's own directory can: for want of a descriptor, say.
    func check() throws(SystemError) {
        _ = try current.opened.descriptor.open(child: ".", flags: O_RDONLY | O_DIRECTORY)
    }

    /// The status of a directory below the root; nil if it is not a directory or cannot be reached.
    /// - Parameter relativePath: empty for the root itself.
    func status(ofDirectory relativePath: String) -> FileStatus? {
        do throws(SystemError) {
            if relativePath.isEmpty { return try current.opened.descriptor.status() }
            // Without opening it: a directory that may not be read has a status too, which shows when that changes.
            let status = try FileStatus(path: "\(path)/\(relativePath)", following: false)
            return status.kind == .directory ? status : nil
        } catch {
            return nil
        }
    }
}

/// A regular file that is open for reading.
final class ServedFile: Sendable {
    private let descriptor: Descriptor
    /// As it was when the file was opened.
    let status: FileStatus

    /// - Returns: nil if it is not a regular file.
    init?(_ descriptor: consuming Descriptor) throws(SystemError) {
        self.status = try descriptor.status()
        self.descriptor = descriptor
        guard status.kind == .regular else { return nil }
    }

    /// Reads from `offset` on what the page cache holds, without waiting for the disk.
    /// - Returns: the number of bytes read; nil if reading would wait.
    func readCached(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int? {
        try descriptor.readCached(into: buffer, at: offset)
    }

    /// Fills `buffer` from `offset` on, waiting for the disk.
    /// - Returns: the number of bytes read, fewer than asked for only at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        try descriptor.read(into: buffer, at: offset)
    }

    func readAll(limit: Int) throws(SystemError) -> [UInt8] { try descriptor.readAll(limit: limit) }
}

/// A part of a file that is to be sent; `offset` and `length` are in bytes.
struct FileSlice: Sendable {
    let file: ServedFile
    let offset: Int64
    let length: Int64
}
