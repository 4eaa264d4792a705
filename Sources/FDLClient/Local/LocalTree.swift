import FDLCore
import FDLSystem
import Glibc
import NIOPosix

/// The files of a manifest as they lie on this machine: a finished output, a partial one, one to verify.
struct LocalTree: Sendable {
    let root: SharedDescriptor
    private let files: Files
    /// Who has to own the files, which then may have no further hard link; nil if anybody may. Other files count as missing.
    private let owner: UInt32?
    /// A folder with what is listed in it; nil if there is one file.
    let folder: ListedFolder?

    private enum Files: Sendable {
        case one(name: String)
        /// The manifest's, relative to the root.
        case listed([Manifest.File])
    }

    /// How many files there are.
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

    /// A single file under any name.
    init(directory: SharedDescriptor, fileName: String) {
        root = directory
        files = .one(name: fileName)
        owner = nil
        folder = nil
    }

    /// A folder with the manifest's paths in it.
    init(folder: SharedDescriptor, manifest: Manifest, owner: UInt32? = nil) {
        root = folder
        files = .listed(manifest.files)
        self.owner = owner
        self.folder = ListedFolder(folder, ListedTree(manifest))
    }

    /// Makes all of it survive a loss of power: what another program has written, too.
    /// - Parameter pool: its threads sync the files.
    func sync(on pool: NIOThreadPool) async throws {
        if count >= ChunkStore.leastForWholeSync, root.descriptor.syncsAllAtOnce {
            return try await pool.runIfActive { try root.descriptor.syncFileSystem() }
        }
        try await pool.runIfActive {
            for file in 0..<count { try open(file)?.sync() }
            try folder?.syncDirectories()
        }
    }

    /// - Returns: nil if there is no such regular file.
    func open(_ file: Int, flags: Int32 = O_RDONLY) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            // O_NONBLOCK: a FIFO in the file's place must not hang us; it means nothing to a regular file.
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
