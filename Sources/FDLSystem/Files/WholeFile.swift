import CLinux
import FDLCore
import Glibc

/// Files that are read and written as a whole.
package enum WholeFile {
    /// - Parameter limit: a file with more bytes than this is refused with EFBIG.
    package static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        let file = try Descriptor(opening: path, flags: O_RDONLY | O_NOCTTY)
        guard try file.status().kind != .directory else {
            throw SystemError(operation: .read, path: path, code: EISDIR)
        }
        return try file.status().kind == .regular ? file.readAll(limit: limit) : file.readOn(limit: limit)
    }

    /// Puts `bytes` at `path`, whole or not at all, and durably: written under a name of its own beside it, synced,
    /// renamed over it, and the directory synced.
    package static func replace(_ path: String, with bytes: [UInt8], mode: UInt32) throws(SystemError) {
        try replace([(path, bytes)], mode: mode)
    }
}

/// Directories.
package enum Directory {
    /// Makes a directory and those above it that are missing.
    package static func create(_ path: String, mode: UInt32 = 0o777) throws(SystemError) {
        do throws(SystemError) {
            try check(.create, path: path) { mkdir(path, mode) }
        } catch {
            // Another process made it first: all is done.
            if error.code == EEXIST { return }
            guard error.code == ENOENT, let above = parent(of: path), above != path else { throw error }
            try create(above, mode: mode)
            guard mkdir(path, mode) == 0 || errno == EEXIST else {
                throw SystemError(operation: .create, path: path, code: errno)
            }
        }
    }

    /// The directory a path lies in: `.` if the path has one part.
    package static func containing(_ path: String) -> String { parent(of: path) ?? "." }

    /// Makes a rename in the directory that holds `path` survive a loss of power.
    package static func sync(containing path: String) throws(SystemError) {
        try Descriptor(openingDirectory: containing(path)).syncDirectory()
    }

    private static func parent(of path: String) -> String? {
        guard let above = splitLast(withoutTrailingSlashes(path)).directory else { return nil }
        return above.isEmpty ? "/" : above
    }
}
