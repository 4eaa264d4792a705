import FDLCore
import FDLCrypto
import FDLSystem
import Glibc
import Synchronization

/// Writes verified chunks into the partial output, each in its place. There is no progress file: a scan of the bytes
/// shows which chunks are there.
final class ChunkStore: Sendable {
    let tree: LocalTree
    let target: OutputTarget
    let manifest: Manifest
    let layout: ChunkLayout
    let partial: PartialOutput
    /// All chunks that are nothing but zeros. They become holes if the file system has holes, and are never fetched.
    let zeros: ChunkSet
    let usesPageCache: Bool
    let state: Mutex<State>
    /// Held while an obstacle is removed from the partial output.
    let clearing = Mutex(())
    /// How many files are kept open at once, with at most two descriptors each. It leaves descriptors for connections.
    let openFileLimit: Int

    struct State {
        /// Chunks that are written or being written, so that the second copy of a hedged chunk is not written again.
        var claimed: ChunkSet
        /// Files used recently, the most recent last.
        var open: [(file: Int, output: OutputFile)] = []
    }

    /// Opens or creates the partial output and takes its lock.
    /// - Parameter usesPageCache: whether even large files are written through the page cache.
    /// - Throws: `Failure`: 73 if it cannot be created, another download holds it, or the file system cannot hold a
    ///   listed name or takes two of them for one; 74 if the disk is full or fails.
    init(target: OutputTarget, manifest: Manifest, usesPageCache: Bool = false) throws(Failure) {
        self.usesPageCache = usesPageCache
        // No more than may be used: beyond 256 descriptors the kernel takes ten milliseconds to enlarge its table.
        let wanted = min(64, manifest.files.count)
        openFileLimit = max(1, ProcessLimits.freeDescriptors(of: 4 * wanted) / 4)
        self.target = target
        self.manifest = manifest
        layout = manifest.layout
        zeros = ZeroChunks.all(in: layout, manifest.digests)
        state = Mutex(State(claimed: ChunkSet(bound: layout.chunkCount)))
        partial = try PartialOutput(of: target, mode: Self.mode(of: manifest.files[0]))
        tree =
            target.isFolder
            ? LocalTree(folder: partial.holder, manifest: manifest, owner: partial.owner)
            : LocalTree(directory: target.directory, fileName: target.partName)
        guard target.isFolder, let failure = try unfitNames() else { return }
        discardIfEmpty()
        throw failure
    }

    /// The permission bits to create a file with, before the umask.
    static func mode(of file: Manifest.File) -> UInt32 { file.isExecutable ? 0o777 : 0o666 }

    /// Why the file system cannot hold the listed names; nil if it can. Before anything is fetched, this tries the
    /// names that some file systems refuse or fold. Any other folding is found at the end.
    private func unfitNames() throws(Failure) -> Failure? {
        let folder = partial.holder
        return try explaining(for: .output) { () throws(SystemError) in
            let unusual = UnusualNames.examples(in: manifest.files.lazy.map(\.path.string))
            if !unusual.isEmpty,
                let refused = try folder.descriptor.refusedName(among: unusual.map { splitLast($0).name })
            {
                return Failure(refused: unusual[refused.index], refused.error)
            }
            for (first, second) in FoldedPaths.pairs(in: manifest.files.map(\.path.string)) {
                if try folder.descriptor.folds(splitLast(first).name, splitLast(second).name) {
                    return Failure(folded: first, second)
                }
            }
            return nil
        }
    }

    /// Makes sure that the disk has room for the missing chunks, before anything is fetched.
    /// - Throws: `SystemError`; ENOSPC if there is not enough room.
    func reserve(missing: ChunkSet) throws(SystemError) {
        if !target.isFolder, try prepare(partial.holder.descriptor, file: 0) { return }
        let bytes = layout.bytes(of: missing.subtracting(zeros))
        guard let free = try partial.holder.descriptor.freeBytes(), free < bytes else { return }
        // An earlier run may have reserved room in the files that is still empty.
        let all = layout.bytes(of: ChunkSet(bound: layout.chunkCount, filled: true).subtracting(zeros))
        guard try free + allocated() >= all else {
            throw SystemError(operation: .reserveRoom, path: partial.holder.descriptor.path, code: ENOSPC)
        }
    }

    /// Bytes that the files take on the disk.
    private func allocated() throws(SystemError) -> Int64 {
        guard target.isFolder else { return try partial.holder.descriptor.status().allocated }
        var total: Int64 = 0
        for file in manifest.files.indices { total += try tree.open(file)?.status().allocated ?? 0 }
        return total
    }

    /// Writes a verified chunk in its place, unless it is there already.
    /// - Returns: false if it was written, or is being written, by another call.
    func write(_ chunk: Int, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Bool {
        guard state.withLock({ $0.claimed.insert(chunk) }) else { return false }
        let location = layout.location(ofChunk: chunk)
        try openFile(location.file).write(bytes, at: location.offset)
        return true
    }

    /// Writes verified chunks in their places, unless they are there already; those that follow each other in a file at
    /// once.
    /// - Returns: the numbers of those that no other call has written or is writing.
    func write(_ chunks: [VerifiedChunk]) throws(SystemError) -> [Int] {
        let new = state.withLock { state in chunks.filter { state.claimed.insert($0.index) } }
        var rest = new[...]
        while let first = rest.first {
            let location = layout.location(ofChunk: first.index)
            let chunksOfFile = layout.chunks(ofFile: location.file)
            let end = rest.indices.first { index in
                let chunk = rest[index].index
                return chunk - first.index != index - rest.startIndex || !chunksOfFile.contains(chunk)
            }
            let run = rest[..<(end ?? rest.endIndex)]
            let file = try openFile(location.file)
            try ChunkBuffer.withBytes(of: run.map(\.buffer)) { parts throws(SystemError) in
                try file.write(parts, at: location.offset)
            }
            rest = rest[run.endIndex...]
        }
        return new.map(\.index)
    }

    /// Puts chunks of zeros in their places, as holes if the file system has holes.
    func makeHoles(_ chunks: ChunkSet) throws(SystemError) {
        var next = chunks.first()
        while let chunk = next {
            let file = layout.file(ofChunk: chunk)
            let run = chunks.run(from: chunk, limit: layout.chunks(ofFile: file).upperBound - chunk)
            let (first, last) = (layout.location(ofChunk: chunk), layout.location(ofChunk: run.upperBound - 1))
            let range = first.offset..<(last.offset + Int64(last.length))
            try openFile(file).clear(range, isFresh: partial.isNew)
            state.withLock { state in
                for chunk in run { state.claimed.insert(chunk) }
            }
            next = chunks.first(from: run.upperBound)
        }
    }

    /// Records the chunks that a scan has found in their places.
    func adopt(_ chunks: ChunkSet) {
        state.withLock { state in
            for chunk in chunks { state.claimed.insert(chunk) }
        }
    }

    /// Removes the partial output if this run created it and it holds no chunk but zeros: a download that got nothing
    /// leaves nothing behind.
    func discardIfEmpty() {
        guard partial.isNew, state.withLock({ $0.claimed.subtracting(zeros).isEmpty }) else { return }
        // If it cannot be removed, the next run continues with it.
        try? target.directory.descriptor.removeTree(child: target.partName)
    }
}
