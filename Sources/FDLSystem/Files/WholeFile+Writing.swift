import CLinux
import Glibc

extension WholeFile {
    /// Puts `bytes` at `path`, whole or not at all, if there is nothing yet.
    ///
    /// Until it has that name it has none, if the file system can do so (O_TMPFILE): of a secret key that is being
    /// written no copy stays behind, whenever the process ends.
    /// - Throws: `SystemError`, EEXIST if there is something, which is left as it was.
    package static func create(_ path: String, with bytes: [UInt8], mode: UInt32) throws(SystemError) {
        if try !createUnnamed(path, bytes, mode: mode) {
            let staged = try StagedFile(for: path, bytes, mode: mode)
            defer { staged.remove() }
            if try !staged.putWhereNothingIs() { try createInPlace(path, bytes, mode: mode) }
        }
        try Directory.sync(containing: path)
    }

    /// Removes the copy left by a process that was killed while it created `path`.
    package static func removeLeftover(of path: String) { StagedFile.removeLeftover(of: path) }

    /// Puts several files in place, in this order, once all of them are written and synced: what can fail for want of
    /// room or permission has failed before the first is renamed. Where a later one cannot be renamed after all, those
    /// before it are taken back.
    package static func replace(_ files: [(path: String, bytes: [UInt8])], mode: UInt32) throws(SystemError) {
        var staged: [StagedFile] = []
        defer { for file in staged { file.remove() } }
        for file in files { staged.append(try StagedFile(for: file.path, file.bytes, mode: mode)) }
        var done = 0
        do throws(SystemError) {
            while done < staged.count {
                try staged[done].put(keepingOld: done < staged.count - 1)
                done += 1
            }
        } catch {
            for file in staged[..<done].reversed() { file.takeBack() }
            throw error
        }
        for file in files { try Directory.sync(containing: file.path) }
    }

    /// - Returns: false if the file system has no files without a name, or cannot give them one.
    private static func createUnnamed(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(SystemError) -> Bool {
        let directory = Directory.containing(path)
        guard let file = try? Descriptor(opening: directory, flags: O_WRONLY | FDL_O_TMPFILE, mode: mode) else {
            return false
        }
        try file.writeWhole(bytes)
        do throws(SystemError) {
            // A link, unlike a rename, never replaces.
            try check(.create, path: path) {
                linkat(AT_FDCWD, "/proc/self/fd/\(file.rawValue)", AT_FDCWD, path, AT_SYMLINK_FOLLOW)
            }
            return true
        } catch {
            // The way by a name says better what is wrong if that fails too.
            guard error.code != EEXIST else { throw error }
            return false
        }
    }

    /// Writes at the final name itself, if the file system has neither hard links nor a rename that refuses.
    private static func createInPlace(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(SystemError) {
        let file = try Descriptor(opening: path, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
        do throws(SystemError) {
            try file.writeWhole(bytes)
        } catch {
            _ = unlink(path)
            throw error
        }
    }
}

extension Descriptor {
    /// Writes a new file and makes it survive a loss of power.
    func writeWhole(_ bytes: [UInt8]) throws(SystemError) {
        try bytes.span.withUnsafeBytes { bytes throws(SystemError) in try write(bytes, at: 0) }
        try sync()
    }
}
