import FDLCore
import FDLSystem
import Glibc

/// The directory that is served. Nothing outside of it can be opened through it.
final class ServedRoot: Sendable {
    let path: String
    private let directory: Descriptor

    /// - Throws: `SystemError` where it is no directory or cannot be read.
    init(_ path: String) throws(SystemError) {
        self.path = path
        self.directory = try Descriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
        // A directory can be entered without being readable; then nothing could be found in it.
        _ = try FileTree.regularFiles(beneath: path) { _ in false }
    }

    /// Opens a regular file below the root without following symbolic links.
    /// - Returns: nil where there is none that may be read.
    func open(_ relativePath: String) -> ServedFile? {
        do throws(SystemError) {
            // O_NONBLOCK: opening a named pipe must not wait for its writer.
            let flags = O_RDONLY | O_NOCTTY | O_NONBLOCK
            return try ServedFile(directory.open(beneath: relativePath, flags: flags))
        } catch {
            return nil
        }
    }

    /// The state of a directory below the root; nil where it is none or cannot be read. Empty for the root itself.
    func status(ofDirectory relativePath: String) -> FileStatus? {
        do throws(SystemError) {
            if relativePath.isEmpty { return try directory.status() }
            return try directory.open(beneath: relativePath, flags: O_RDONLY | O_DIRECTORY).status()
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

    /// - Returns: nil where it is not a regular file.
    init?(_ descriptor: consuming Descriptor) throws(SystemError) {
        self.status = try descriptor.status()
        self.descriptor = descriptor
        guard status.kind == .regular else { return nil }
    }

    /// What the page cache holds from `offset` on, at once; nil where that would wait for the disk.
    func readCached(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int? {
        try descriptor.readCached(into: buffer, at: offset)
    }

    /// Fills `buffer` from `offset` on; fewer bytes only where the file ends.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        try descriptor.read(into: buffer, at: offset)
    }

    func readAll(limit: Int) throws(SystemError) -> [UInt8] { try descriptor.readAll(limit: limit) }
}

/// A part of a file that is to be sent.
struct FileSlice: Sendable {
    let file: ServedFile
    let offset: Int64
    let length: Int64
}
