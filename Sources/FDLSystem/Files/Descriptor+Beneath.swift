import CLinux
import FDLCore
import Glibc

extension Descriptor {
    /// Opens a path below this directory without following any symbolic link and without leaving it.
    /// - Parameter relativePath: parts with `/` between them, none of them `..`.
    package func open(
        beneath relativePath: String,
        flags: Int32,
        mode: UInt32 = 0
    ) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            let opened = try check(.open, path: joined(relativePath)) {
                fdl_open_beneath(rawValue, relativePath, flags | O_CLOEXEC, flags & O_CREAT != 0 ? mode : 0)
            }
            return Descriptor(owning: opened, name: relativePath, in: path)
        } catch {
            // Kernels before 5.6 lack it, and some sandboxes forbid it. Where it was refused for another reason, the
            // plain calls are refused too.
            guard Nicety.beneath.cannot(error.code) else { throw error }
            return try openPartByPart(relativePath, flags: flags, mode: mode)
        }
    }

    private func openPartByPart(
        _ relativePath: String,
        flags: Int32,
        mode: UInt32
    ) throws(SystemError) -> Descriptor {
        let parts = pathParts(relativePath)
        guard let last = parts.last, !relativePath.hasPrefix("/"), !parts.contains("..") else {
            throw SystemError(operation: .open, path: joined(relativePath), code: EXDEV)
        }
        var directory = try duplicate()
        for part in parts.dropLast() {
            directory = try directory.open(child: part, flags: FDL_O_PATH | O_DIRECTORY)
        }
        return try directory.open(child: last, flags: flags, mode: mode)
    }

    /// Opens an entry of this directory, not following it if it is a symbolic link.
    package func open(child name: String, flags: Int32, mode: UInt32 = 0) throws(SystemError) -> Descriptor {
        try open(EntryName(name), flags: flags, mode: mode)
    }

    func open(_ name: EntryName, flags: Int32, mode: UInt32) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try openAsTold(name, flags: flags | O_NOFOLLOW, mode: mode)
        } catch {
            guard Nicety.noFollow.cannot(error.code) else { throw error }
            return try openLookingFirst(name, flags: flags & ~O_NOFOLLOW, mode: mode)
        }
    }

    private func openAsTold(_ name: EntryName, flags: Int32, mode: UInt32) throws(SystemError) -> Descriptor {
        let shown = joined(name.shown)
        let opened = try check(.open, path: shown) {
            name.withPointer { openat(rawValue, $0, flags | O_CLOEXEC, mode) }
        }
        return Descriptor(owning: opened, path: shown)
    }

    /// For file systems that do not know O_NOFOLLOW: what is opened has to be what was looked at.
    private func openLookingFirst(_ name: EntryName, flags: Int32, mode: UInt32) throws(SystemError) -> Descriptor {
        guard let before = try status(name) else {
            // O_EXCL goes through no link either.
            return try openAsTold(name, flags: flags & O_CREAT != 0 ? flags | O_EXCL : flags, mode: mode)
        }
        let opened = try openAsTold(name, flags: flags, mode: mode)
        guard before.kind != .symbolicLink, try opened.status().identity == before.identity else {
            throw SystemError(operation: .open, path: joined(name.shown), code: ELOOP)
        }
        return opened
    }

    /// This directory's path with `name` after it, for messages.
    func joined(_ name: String) -> String { joinedPath(path, name) }
}

/// A directory's path with `name` after it.
func joinedPath(_ directory: String, _ name: String) -> String {
    directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
}
