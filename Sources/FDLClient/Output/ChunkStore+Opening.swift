import FDLCore
import FDLSystem
import Glibc
import Synchronization

extension ChunkStore {
    /// A file, open for writing. It is kept open for the chunks that follow.
    func openFile(_ file: Int) throws(SystemError) -> OutputFile {
        if let output = state.withLock({ Self.recall(file, &$0) }) { return output }
        let output = OutputFile(try open(file), size: manifest.files[file].size, usesPageCache: usesPageCache)
        // Releasing an `OutputFile` closes it; do that outside the lock.
        var dropped: [OutputFile] = []
        defer { dropped.removeAll() }
        return state.withLock { state in
            // Another thread may have opened the file meanwhile.
            if let first = Self.recall(file, &state) { return first }
            state.open.append((file, output))
            if state.open.count > openFileLimit { dropped.append(state.open.removeFirst().output) }
            return output
        }
    }

    /// Opens a file whose chunks are all in their places, and cuts it to its size. An empty file is created here.
    /// - Throws: `SystemError`; ENOENT if the file has been removed. `Failure` if it has been cut, or others can change
    ///   it.
    func openWritten(_ file: Int) throws -> (file: SharedDescriptor, status: FileStatus) {
        let listed = manifest.files[file]
        let holder =
            if listed.size == 0 { try open(file) } else if target.isFolder {
                SharedDescriptor(try partial.holder.descriptor.open(beneath: listed.path.string, flags: Self.writing))
            } else { partial.holder }
        let status = try holder.descriptor.status()
        guard status.size >= listed.size, partial.isAlone(status) else {
            throw Failure(changedSinceWritten: holder.descriptor.path)
        }
        // An earlier version's file may have been longer.
        if status.size > listed.size { try holder.descriptor.truncate(to: listed.size) }
        return (holder, status)
    }

    /// Opens a file for writing: creates it if necessary, sets its size and reserves its room.
    private func open(_ file: Int) throws(SystemError) -> SharedDescriptor {
        let holder = target.isFolder ? SharedDescriptor(try createInWay(manifest.files[file])) : partial.holder
        try prepare(holder.descriptor, file: file)
        return holder
    }

    private func createInWay(_ file: Manifest.File) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try createFile(file)
        } catch {
            // The partial output may come from another version, with a file in place of a directory or the reverse.
            // ENOENT: creating the directory met such a file, and another thread has removed it since.
            guard [EISDIR, ENOTDIR, ELOOP, ENXIO, EEXIST, ENOENT].contains(error.code) else { throw error }
            // One thread at a time: otherwise one could take what another has just created for an obstacle.
            return try clearing.withLock { _ throws(SystemError) in
                try clearWay(for: file.path.string)
                return try createFile(file)
            }
        }
    }

    private func createFile(_ file: Manifest.File) throws(SystemError) -> Descriptor {
        let opened: Descriptor
        do throws(SystemError) {
            opened = try openOrCreate(file)
        } catch {
            guard error.code == ENOENT, let directory = splitLast(file.path.string).directory else { throw error }
            try partial.holder.descriptor.createDirectory(beneath: directory)
            opened = try openOrCreate(file)
        }
        // A folder that this run created holds nothing of others, and `finish` checks every file again.
        guard !partial.isNew else { return opened }
        let status = try opened.status()
        guard status.kind == .regular, partial.isAlone(status) else {
            throw SystemError(operation: .open, path: opened.path, code: EEXIST)
        }
        return opened
    }

    private func openOrCreate(_ file: Manifest.File) throws(SystemError) -> Descriptor {
        let flags = Self.writing | O_CREAT
        return try partial.holder.descriptor.open(beneath: file.path.string, flags: flags, mode: Self.mode(of: file))
    }

    private static let writing = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY

    /// Removes from the partial output what is in the way of `path`: anything in place of one of its directories that
    /// is not a directory, and anything in its own place that is not a file of this download alone.
    private func clearWay(for path: String) throws(SystemError) {
        var directory = try partial.holder.descriptor.duplicate()
        let parts = pathParts(path)
        for (index, part) in parts.enumerated() {
            guard let status = try directory.status(child: part) else { return }
            let isLast = index == parts.count - 1
            let fits = isLast ? status.kind == .regular && partial.isAlone(status) : status.kind == .directory
            guard fits else { return try directory.removeTree(child: part) }
            if !isLast { directory = try directory.open(child: part, flags: O_RDONLY | O_DIRECTORY) }
        }
    }

    /// A recently used file that is still open, if any; it becomes the most recent one.
    private static func recall(_ file: Int, _ state: inout State) -> OutputFile? {
        guard let index = state.open.lastIndex(where: { $0.file == file }) else { return nil }
        let entry = state.open.remove(at: index)
        state.open.append(entry)
        return entry.output
    }

    /// Releases the files kept open.
    func closeFiles() { state.withLock { $0.open.removeAll() } }

    /// Sets a file to its final size and reserves room for everything but chunks of zeros. In a folder, a file of one
    /// chunk gets its size and room when that chunk is written; `reserve` has checked the room for the whole folder.
    /// - Returns: false if the file system cannot reserve room.
    @discardableResult
    func prepare(_ opened: borrowing Descriptor, file: Int) throws(SystemError) -> Bool {
        let size = manifest.files[file].size
        let chunks = layout.chunks(ofFile: file)
        let comesWhole = target.isFolder && chunks.count <= 1
        if comesWhole, partial.isNew { return true }
        let current = try opened.status().size
        if current > size || current < size && !comesWhole { try opened.truncate(to: size) }
        guard !comesWhole else { return true }
        var chunk = chunks.lowerBound
        while chunk < chunks.upperBound {
            let isZero = zeros.contains(chunk)
            let start = chunk
            while chunk < chunks.upperBound, zeros.contains(chunk) == isZero { chunk += 1 }
            guard !isZero else { continue }
            let end = chunk < chunks.upperBound ? layout.location(ofChunk: chunk).offset : size
            guard try opened.reserve(layout.location(ofChunk: start).offset..<end) else { return false }
        }
        return true
    }
}

extension PartialOutput {
    /// Whether a file in it belongs to this download alone. Through another hard link, or as another owner, somebody
    /// could change it after it has been verified.
    func isAlone(_ status: FileStatus) -> Bool { status.links <= 1 && status.owner == owner }
}
