import FDLCore
import FDLSystem
import Glibc

/// An open file or directory that several hold: a directory by those who open files in it, a file by its writers.
final class SharedDescriptor: Sendable {
    let descriptor: Descriptor

    init(_ descriptor: consuming Descriptor) {
        self.descriptor = descriptor
    }
}

/// The files of a manifest as they lie on this machine: a finished output, a partial one, one to verify.
struct LocalTree: Sendable {
    let root: SharedDescriptor
    /// Relative to the root, in the manifest's order.
    let paths: [String]
    /// Where files have to be one user's, under no other name: whose. Others count as missing.
    private let owner: UInt32?
    /// A folder with what is listed in it; nil where there is one file.
    let folder: ListedFolder?

    /// A single file under any name.
    init(directory: SharedDescriptor, fileName: String) {
        root = directory
        paths = [fileName]
        owner = nil
        folder = nil
    }

    /// A folder with the manifest's paths in it.
    init(folder: SharedDescriptor, manifest: Manifest, owner: UInt32? = nil) {
        root = folder
        paths = manifest.files.map(\.path.string)
        self.owner = owner
        self.folder = ListedFolder(folder, ListedTree(manifest))
    }

    /// - Returns: nil where there is no such regular file.
    func open(_ file: Int, flags: Int32 = O_RDONLY) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            // O_NONBLOCK: a FIFO in the file's place must not hang us; it means nothing to a regular file.
            let opened = try root.descriptor.open(beneath: paths[file], flags: flags | O_NONBLOCK | O_NOCTTY)
            let status = try opened.status()
            guard status.kind == .regular else { return nil }
            if let owner, status.owner != owner || status.links > 1 { return nil }
            return opened
        } catch {
            if error.isNotFound || error.code == ELOOP || error.code == EISDIR || error.code == ENXIO { return nil }
            throw error
        }
    }
}
