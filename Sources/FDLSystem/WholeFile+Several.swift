import CLinux
import Glibc

extension WholeFile {
    /// Puts `bytes` at `path`, whole or not at all, where there is nothing yet.
    /// - Throws: `SystemError`, EEXIST where there is something, which is left as it was.
    public static func create(_ path: String, with bytes: [UInt8], mode: UInt32) throws(SystemError) {
        let temporary = try stage(path, bytes, mode: mode)
        defer { _ = unlink(temporary) }
        // A link, unlike a rename, never replaces.
        try check("create", path: path) { link(temporary, path) }
        try Directory.sync(containing: path)
    }

    /// Puts several files in place, in this order, once all of them are written and synced: what can fail for want of
    /// room or permission has failed before the first is renamed.
    public static func replace(_ files: [(path: String, bytes: [UInt8])], mode: UInt32) throws(SystemError) {
        var staged: [(temporary: String, path: String)] = []
        defer { for file in staged { _ = unlink(file.temporary) } }
        for file in files {
            staged.append((try stage(file.path, file.bytes, mode: mode), file.path))
        }
        for file in staged {
            try check("rename", path: file.path) { rename(file.temporary, file.path) }
        }
        for file in files { try Directory.sync(containing: file.path) }
    }

    /// Writes and syncs `bytes` under a name of their own beside `path`, which is returned.
    static func stage(_ path: String, _ bytes: [UInt8], mode: UInt32) throws(SystemError) -> String {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max)).tmp"
        let file = try Descriptor(opening: temporary, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
        do throws(SystemError) {
            try bytes.span.withUnsafeBytes { bytes throws(SystemError) in try file.write(bytes, at: 0) }
            try file.sync()
            return temporary
        } catch {
            _ = unlink(temporary)
            throw error
        }
    }
}
