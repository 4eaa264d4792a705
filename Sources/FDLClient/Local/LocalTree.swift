import FDLCore
import FDLSystem
import Glibc
import NIOPosix

/// The files of a manifest as they are on this machine: a finished output, a partial one, or one to verify.
struct LocalTree: Sendable {
    let root: SharedDescriptor
    private let files: Files
    /// The user ID that must own the files, which then may have no further hard link either; nil for any owner. Files
    /// that do not comply are treated as absent.
    private let owner: UInt32?
    /// The folder and what the manifest lists in it; nil for a single file.
    let folder: ListedFolder?

    private enum Files: Sendable {
        case one(name: String)
        /// The manifest's files; their paths are relative to `root`.
        case listed([Manifest.File])
    }

    private var count: Int {
        switch files {
        case .one: 1
        case .listed(let files): files.count
        }
    }

    private func path(_ file: Int) -> String {
        switch files {
        case .one(let name): name
        case .listed(let files): files[file].path.string
        }
    }

    /// A single file, whatever its name is in the manifest.
    init(directory: SharedDescriptor, fileName: String) {
        root = directory
        files = .one(name: fileName)
        owner = nil
        folder = nil
    }

    /// A folder that holds the manifest's paths.
    /// - Parameter owner: the user ID that must own the files; nil for any owner.
    init(folder: SharedDescriptor, manifest: Manifest, owner: UInt32? = nil) {
        root = folder
        files = .listed(manifest.files)
        self.owner = owner
        self.folder = ListedFolder(folder, ListedTree(manifest))
    }

    /// Makes the whole tree survive a loss of power, including what another program has written.
    /// - Parameter pool: the threads that sync the files.
    /// - Throws: `SystemError`.
    func sync(on pool: NIOThreadPool) async throws {
        if count >= ChunkStore.leastForWholeSync, root.descriptor.syncsAllAtOnce {
            return try await pool.runIfActive { try root.descriptor.syncFileSystem() }
        }
        try await pool.runIfActive {
            for file in 0..<count { try open(file)?.sync() }
            try folder?.syncDirectories()
        }
    }

    /// Opens a file by its number in the manifest.
    /// - Returns: nil if there is no such regular file, or it does not comply with `owner`.
    func open(_ file: Int, flags: Int32 = O_RDONLY) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            // O_NONBLOCK: opening a FIFO in the file's place must not block; it has no effect on a regular file.
            let opened = try root.descriptor.open(beneath: path(file), flags: flags | O_NONBLOCK | O_NOCTTY)
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
