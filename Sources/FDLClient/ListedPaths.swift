import FDLCore
import FDLSystem
import Glibc

/// The paths of a manifest, compared byte for byte: two names that Unicode calls equivalent are two files on Linux.
struct ListedPaths {
    private(set) var files: Set<[UInt8]>
    /// The directories that the files lie in, without the root.
    private(set) var folders: Set<[UInt8]> = []

    init(_ manifest: Manifest) {
        files = Set(manifest.files.map { Array($0.path.string.utf8) })
        for file in manifest.files {
            var path = file.path.string
            while let directory = splitLast(path).directory {
                guard folders.insert(Array(directory.utf8)).inserted else { break }
                path = directory
            }
        }
    }

    func lists(_ path: String) -> Bool { files.contains(Array(path.utf8)) }

    /// Removes from an open directory all that is not listed.
    /// - Parameter prefix: of the paths in it: empty, or the directory's own path and a `/`.
    func removeOthers(in directory: borrowing Descriptor, prefix: String) throws(SystemError) {
        for name in try directory.names() {
            let path = Array((prefix + name).utf8)
            let kind = try directory.status(child: name)?.kind
            if kind == .directory, folders.contains(path) {
                let inner = try directory.open(child: name, flags: O_RDONLY | O_DIRECTORY)
                try removeOthers(in: inner, prefix: prefix + name + "/")
            } else if kind != .regular || !files.contains(path) {
                try directory.removeTree(child: name)
            }
        }
    }

    /// Removes from an open directory the listed files, and the directories that are empty then.
    /// - Returns: whether anything is left.
    func removeListed(in directory: borrowing Descriptor, prefix: String) throws(SystemError) -> Bool {
        var isLeft = false
        for name in try directory.names() {
            let path = Array((prefix + name).utf8)
            let kind = try directory.status(child: name)?.kind
            if kind == .directory, folders.contains(path) {
                let inner = try directory.open(child: name, flags: O_RDONLY | O_DIRECTORY)
                if try removeListed(in: inner, prefix: prefix + name + "/") {
                    isLeft = true
                } else {
                    try directory.removeTree(child: name)
                }
            } else if kind == .regular, files.contains(path) {
                try directory.removeTree(child: name)
            } else if kind != nil {
                isLeft = true
            }
        }
        return isLeft
    }
}
