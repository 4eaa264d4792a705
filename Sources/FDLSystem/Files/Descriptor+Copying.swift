import CLinux
import Glibc

// Copies that cost less than reading and writing.
extension Descriptor {
    /// Lets this empty file share all of `source`'s data until one of the two is written to.
    /// - Returns: false if the file system cannot share data, or the two lie on different ones.
    package func clone(_ source: borrowing Descriptor) throws(SystemError) -> Bool {
        let from = source.rawValue
        return try attempt(.clone) { () throws(SystemError) in
            try check(.write, path: path) { fdl_clone(rawValue, from) }
        } != nil
    }

    /// Copies a range of `source` to the same place of this file, within the kernel or on the file server.
    /// - Returns: false if that cannot be done here; then some of it may be copied.
    package func copy(_ range: Range<Int64>, from source: borrowing Descriptor) throws(SystemError) -> Bool {
        let from = source.rawValue
        var offset = range.lowerBound
        while offset < range.upperBound {
            let copied = try attempt(.kernelCopy) { () throws(SystemError) in
                try check(.write, path: path) {
                    fdl_copy_range(from, rawValue, offset, Int(clamping: range.upperBound - offset))
                }
            }
            // Some file systems answer 0 for what they cannot do; so does a source that has become shorter.
            guard let copied, copied > 0 else { return false }
            offset += Int64(copied)
        }
        return true
    }
}

// Entries by their paths.
extension Directory {
    /// Gives a file a second name.
    /// - Returns: false if the file system has no such thing, or the two names lie on different ones.
    package static func link(_ path: String, as name: String) throws(SystemError) -> Bool {
        try attempt(.link) { () throws(SystemError) in
            try check(.create, path: name) { linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW) }
        } != nil
    }

    /// Renames a file in one step, over what has the new name.
    package static func rename(_ path: String, over name: String) throws(SystemError) {
        try check(.rename, path: name) { Glibc.rename(path, name) }
    }

    /// Removes a file's name.
    /// - Returns: false if there is none.
    @discardableResult
    package static func remove(_ path: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try check(.remove, path: path) { unlink(path) }
            return true
        } catch {
            guard error.isNotFound else { throw error }
            return false
        }
    }

    /// Removes a directory if nothing is in it.
    /// - Returns: whether it is gone.
    package static func removeEmpty(_ path: String) -> Bool { rmdir(path) == 0 }
}
