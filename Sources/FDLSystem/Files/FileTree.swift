import Glibc

/// The files of a directory and of the directories in it.
package enum FileTree {
    /// One regular file.
    package struct Entry: Sendable, Hashable {
        /// Relative to the root, with `/` between its parts.
        package let path: String
        package let status: FileStatus
    }

    /// What a walk found.
    package struct Listing: Sendable {
        /// The regular files, sorted by the bytes of their paths.
        package var files: [Entry] = []
        /// What is neither a regular file nor a directory (symbolic links, sockets, devices): not followed.
        package var skipped: [String] = []
        /// Names that are not UTF-8, with `?` for what is not.
        package var unreadableNames: [String] = []
    }

    /// Walks everything below `root`.
    /// - Parameters:
    ///   - descend: asked for each directory by its relative path; false leaves it out.
    ///   - failed: told of what cannot be looked at, and of the directory (relative) it was met in; if it returns,
    ///     the walk goes on with the rest. Unless given, the walk ends there.
    /// - Throws: what `failed` throws; `SystemError` if the root itself cannot be listed.
    package static func regularFiles(
        beneath root: String,
        descend: (String) -> Bool = { _ in true },
        failed: (_ error: SystemError, _ directory: String) throws(SystemError) -> Void = {
            (error, _) throws(SystemError) in throw error
        }
    ) throws(SystemError) -> Listing {
        var listing = Listing()
        var pending = [""]
        while let directory = pending.popLast() {
            let path = directory.isEmpty ? root : "\(root)/\(directory)"
            let entries: [DirectoryEntry]
            do throws(SystemError) {
                entries = try self.entries(in: path)
            } catch {
                if directory.isEmpty { throw error }
                try failed(error, directory)
                continue
            }
            for entry in entries {
                guard let name = entry.text else {
                    listing.unreadableNames.append(directory.isEmpty ? entry.shown : "\(directory)/\(entry.shown)")
                    continue
                }
                let relative = directory.isEmpty ? name : "\(directory)/\(name)"
                let status: FileStatus
                do throws(SystemError) {
                    status = try FileStatus(path: "\(root)/\(relative)", following: false)
                } catch {
                    // Gone since the directory was read.
                    if error.code != ENOENT { try failed(error, directory) }
                    continue
                }
                switch status.kind {
                case .regular: listing.files.append(Entry(path: relative, status: status))
                case .directory: if descend(relative) { pending.append(relative) }
                case .symbolicLink, .other: listing.skipped.append(relative)
                }
            }
        }
        listing.files.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        listing.skipped.sort()
        return listing
    }

    private static func entries(in path: String) throws(SystemError) -> [DirectoryEntry] {
        guard let directory = opendir(path) else { throw SystemError(operation: .list, path: path, code: errno) }
        defer { closedir(directory) }
        var entries: [DirectoryEntry] = []
        try DirectoryEntry.forEach(in: directory, path: path) { entry throws(SystemError) in entries.append(entry) }
        return entries
    }
}
