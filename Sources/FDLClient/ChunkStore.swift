import FDLCore
import FDLSystem
import Glibc
import Synchronization

/// The incomplete output: `NAME.fdl-part` beside where the result will be, locked, with every verified chunk in its
/// place. It holds nothing else: the bytes themselves say what is there.
final class ChunkStore: Sendable {
    let tree: LocalTree
    let target: OutputTarget
    let manifest: Manifest
    private let layout: ChunkLayout
    // Held for its lock: of the file itself, or of the folder.
    let lockHolder: SharedDescriptor
    /// Whether this run made it: then it holds nothing yet.
    let isNew: Bool
    private let state: Mutex<State>
    private let clearing = Mutex(())

    private struct State {
        /// Chunks written or being written, so that the second answer to a hedged request is not written again.
        var claimed: ChunkSet
        /// Files opened lately, the latest last.
        var open: [(file: Int, output: OutputFile)] = []
    }
    private static let openFileLimit = 64
    private let usesPageCache: Bool

    /// Opens or makes the partial output and takes its lock.
    /// - Parameter usesPageCache: whether large files too are written through the page cache.
    /// - Throws: `Failure` (73) where it cannot be made or another download holds it, (74) where the disk has no room.
    init(target: OutputTarget, manifest: Manifest, usesPageCache: Bool = false) throws(Failure) {
        self.usesPageCache = usesPageCache
        self.target = target
        self.manifest = manifest
        layout = manifest.layout
        state = Mutex(State(claimed: ChunkSet(bound: layout.chunkCount)))
        do throws(SystemError) {
            isNew = try target.directory.descriptor.status(child: target.partName) == nil
            lockHolder = SharedDescriptor(try Self.openPart(of: target))
        } catch {
            throw Self.creationFailure(error, target)
        }
        guard try Self.lock(lockHolder, target) else {
            throw Failure(
                .cannotCreate,
                "another download is writing \(target.path)",
                hint: "wait for it, or choose another name with -o"
            )
        }
        tree =
            target.isFolder
            ? LocalTree(folder: lockHolder, manifest: manifest)
            : LocalTree(directory: target.directory, fileName: target.partName)
    }

    private static func openPart(of target: OutputTarget) throws(SystemError) -> Descriptor {
        let parent = target.directory
        guard target.isFolder else {
            return try parent.descriptor.open(
                child: target.partName,
                flags: O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY,
                mode: 0o600
            )
        }
        try parent.descriptor.createDirectory(beneath: target.partName, mode: 0o700)
        return try parent.descriptor.open(child: target.partName, flags: O_RDONLY | O_DIRECTORY)
    }

    private static func lock(_ holder: SharedDescriptor, _ target: OutputTarget) throws(Failure) -> Bool {
        do throws(SystemError) {
            guard try holder.descriptor.lock() else { return false }
            // Between opening and locking, the holder before us may have finished and renamed it: then the lock is on
            // the finished output.
            let held = try holder.descriptor.status()
            let named = try target.directory.descriptor.status(child: target.partName)
            guard held.kind == (target.isFolder ? .directory : .regular) else {
                throw SystemError(operation: "write", path: target.path + ".fdl-part", code: EEXIST)
            }
            return named?.inode == held.inode && named?.device == held.device
        } catch {
            throw creationFailure(error, target)
        }
    }

    private static func creationFailure(_ error: SystemError, _ target: OutputTarget) -> Failure {
        switch error.code {
        case ELOOP, ENOTDIR, EISDIR, EEXIST, ENXIO:
            Failure(
                .cannotCreate,
                "\(target.path).fdl-part is in the way: it is not an incomplete download",
                hint: "move it away, or choose another name with -o"
            )
        case ENOSPC, EDQUOT, EIO: error.failure(.localIO)
        default: error.failure(.cannotCreate)
        }
    }

    /// Makes sure before the first byte that the missing ones have room.
    /// - Throws: `SystemError`, ENOSPC where they have not.
    func reserve(missing: ChunkSet) throws(SystemError) {
        if target.isFolder {
            let bytes = missing.reduce(Int64(0)) { $0 + Int64(layout.length(ofChunk: $1)) }
            guard try lockHolder.descriptor.freeBytes() >= bytes else {
                throw SystemError(operation: "reserve room in", path: lockHolder.descriptor.path, code: ENOSPC)
            }
        } else {
            try prepare(lockHolder.descriptor, file: 0)
        }
    }

    /// Writes a verified chunk in its place. A chunk that is there already is left.
    /// - Returns: false where it was written, or is being written, by another call.
    func write(_ chunk: Int, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Bool {
        guard state.withLock({ $0.claimed.insert(chunk) }) else { return false }
        let location = layout.location(ofChunk: chunk)
        try openFile(location.file).write(bytes, at: location.offset)
        return true
    }

    /// Notes chunks that a scan has found in their places.
    func adopt(_ chunks: ChunkSet) {
        state.withLock { state in
            for chunk in chunks { state.claimed.insert(chunk) }
        }
    }

    /// Takes the partial output away where this run made it and it holds no chunk: a download that got nothing leaves
    /// nothing.
    func discardIfEmpty() {
        guard isNew, state.withLock({ $0.claimed.isEmpty }) else { return }
        // Where it cannot be removed, it stays as an empty partial output, which the next run takes up.
        try? target.directory.descriptor.removeTree(child: target.partName)
    }

    /// The file, open for writing, kept open for the chunks that follow.
    private func openFile(_ file: Int) throws(SystemError) -> OutputFile {
        if let output = state.withLock({ Self.recall(file, &$0) }) { return output }
        let output = OutputFile(try open(file), size: manifest.files[file].size, usesPageCache: usesPageCache)
        // What is dropped closes files: that is for outside the lock.
        var dropped: [OutputFile] = []
        defer { dropped.removeAll() }
        return state.withLock { state in
            // Another thread may have opened it meanwhile.
            if let first = Self.recall(file, &state) { return first }
            state.open.append((file, output))
            if state.open.count > Self.openFileLimit { dropped.append(state.open.removeFirst().output) }
            return output
        }
    }

    /// A file whose chunks are all in their places, open to be completed. Only an empty file is made now.
    /// - Throws: `SystemError`, ENOENT where somebody has removed it; `Failure` where it has been cut.
    func openWritten(_ file: Int) throws -> SharedDescriptor {
        let listed = manifest.files[file]
        if listed.size == 0 { return try open(file) }
        let holder =
            target.isFolder
            ? SharedDescriptor(try lockHolder.descriptor.open(beneath: listed.path.string, flags: Self.writing))
            : lockHolder
        let size = try holder.descriptor.status().size
        guard size >= listed.size else {
            throw Failure(.localIO, "\(holder.descriptor.path) has changed since it was written")
        }
        // An earlier version's file may have been longer.
        if size > listed.size { try holder.descriptor.truncate(to: listed.size) }
        return holder
    }

    /// The file, open for writing; made, sized and its room reserved.
    private func open(_ file: Int) throws(SystemError) -> SharedDescriptor {
        let holder = target.isFolder ? SharedDescriptor(try createInWay(manifest.files[file].path.string)) : lockHolder
        try prepare(holder.descriptor, file: file)
        return holder
    }

    private func createInWay(_ path: String) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try createFile(path)
        } catch {
            // A partial output of an earlier version may have a file where this one has a directory, or the reverse.
            // ENOENT: it was still there when the directory was to be made, and another thread has just cleared it.
            guard [EISDIR, ENOTDIR, ELOOP, ENXIO, EEXIST, ENOENT].contains(error.code) else { throw error }
            // One at a time: what one has made in the place of what it cleared, the next must not take for the
            // obstacle.
            return try clearing.withLock { _ throws(SystemError) in
                try clearWay(for: path)
                return try createFile(path)
            }
        }
    }

    private func createFile(_ path: String) throws(SystemError) -> Descriptor {
        if let directory = splitLast(path).directory {
            try lockHolder.descriptor.createDirectory(beneath: directory, mode: 0o700)
        }
        return try lockHolder.descriptor.open(beneath: path, flags: Self.writing | O_CREAT, mode: 0o600)
    }

    private static let writing = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY

    /// Removes from the partial output what is no directory where `path` needs one, and what is no file in its place.
    private func clearWay(for path: String) throws(SystemError) {
        var directory = try lockHolder.descriptor.duplicate()
        let parts = pathParts(path)
        for (index, part) in parts.enumerated() {
            guard let status = try directory.status(child: part) else { return }
            let isLast = index == parts.count - 1
            guard status.kind == (isLast ? .regular : .directory) else { return try directory.removeTree(child: part) }
            if !isLast { directory = try directory.open(child: part, flags: O_RDONLY | O_DIRECTORY) }
        }
    }

    private static func recall(_ file: Int, _ state: inout State) -> OutputFile? {
        guard let index = state.open.lastIndex(where: { $0.file == file }) else { return nil }
        let entry = state.open.remove(at: index)
        state.open.append(entry)
        return entry.output
    }

    /// Lets go of the files opened lately.
    func closeFiles() { state.withLock { $0.open.removeAll() } }

    /// Gives a file its final size, the missing parts as holes with room reserved. In a folder, whose room is looked at
    /// as a whole, a file of one chunk gets its size and its room with that.
    private func prepare(_ opened: borrowing Descriptor, file: Int) throws(SystemError) {
        let size = manifest.files[file].size
        let comesWhole = target.isFolder && layout.chunks(ofFile: file).count <= 1
        let current = try opened.status().size
        if current > size || current < size && !comesWhole { try opened.truncate(to: size) }
        if !comesWhole { try opened.reserve(size) }
    }
}
