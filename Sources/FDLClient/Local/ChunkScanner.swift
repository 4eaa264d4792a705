import FDLCore
import FDLCrypto
import FDLSystem
import Glibc
import NIOCore
import Synchronization

/// Is told how many bytes of local files have been read, of how many. Called on several threads at once.
public typealias ScanProgress = @Sendable (_ bytes: Int64, _ totalBytes: Int64) -> Void

/// Finds the chunks that are in their places, by hashing the files with all cores.
struct ChunkScanner: Sendable {
    let layout: ChunkLayout
    let digests: [SHA256Digest]
    let subject: Subject
    var progress: ScanProgress = { _, _ in }

    /// What is scanned. This decides whether data from the page cache can be trusted.
    enum Subject: Sendable {
        /// Files, read through the page cache as any program reads them.
        case files
        /// An output under its final name. What counts is the data on the disk, not in the page cache.
        case output
        /// A partial output. Here too the disk counts: after a crash or a failed sync the page cache may hold data that
        /// the disk lacks. If the file system cannot be read past the page cache, matching chunks are written again. A
        /// chunk that cannot be read counts as absent, and so does one that lies in a hole, unless it is all zeros.
        case partial(ChunkStore)

        var store: ChunkStore? { if case .partial(let store) = self { store } else { nil } }
        var isCached: Bool { if case .files = self { true } else { false } }
    }

    /// What a scan shares between its threads.
    private final class Shared: Sendable {
        struct State: Sendable {
            var next = 0
            var found: ChunkSet
            /// The length of the chunks that have been looked at.
            var bytes: Int64 = 0
        }
        let state: Mutex<State>
        let zeros: ChunkSet

        init(chunkCount: Int, zeros: ChunkSet) {
            state = Mutex(State(found: ChunkSet(bound: chunkCount)))
            self.zeros = zeros
        }
    }

    /// The state of one hashing thread.
    private struct Hasher: ~Copyable {
        let memory: DiskMemory
        var sha256 = SHA256Hasher()
    }

    /// The chunks of `tree` whose bytes match. Absent or short files are no error; they have fewer such chunks.
    /// - Throws: `SystemError` if a file cannot be read; `CancellationError`.
    func matchingChunks(in tree: LocalTree) async throws -> ChunkSet {
        let zeros = subject.store?.zeros ?? ZeroChunks.all(in: layout, digests)
        let shared = Shared(chunkCount: layout.chunkCount, zeros: zeros)
        try await ParallelWork.run(threads: hasherCount) { stop in try scan(tree, shared, stop) }
        return shared.state.withLock { $0.found }
    }

    /// More threads than cores if reads go past the page cache: some wait for the disk while others hash. Their buffers
    /// together take 64 MiB at most, unless the cores alone need more.
    private var hasherCount: Int {
        subject.isCached ? System.coreCount : max(System.coreCount, min(8, (64 << 20) / bufferSize))
    }

    /// The buffer of one thread, in bytes. A chunk that may have to be written again must fit as a whole.
    private var bufferSize: Int { subject.store == nil ? min(layout.chunkSize.bytes, 1 << 20) : layout.chunkSize.bytes }

    /// The work of one thread: takes a run of chunks at a time until none is left.
    private func scan(_ tree: LocalTree, _ shared: Shared, _ stop: StopFlag) throws(SystemError) {
        // Long enough for sequential reads, short enough that all threads finish at about the same time.
        let run = max(1, (8 << 20) / layout.chunkSize.bytes)
        var hasher = Hasher(memory: DiskMemory(byteCount: bufferSize, inHugePages: false))
        let total = layout.fileSizes.reduce(0, +)
        while !stop.isSet {
            let start = shared.state.withLock { state in
                defer { state.next += run }
                return state.next
            }
            guard start < layout.chunkCount else { return }
            let chunks = start..<min(start + run, layout.chunkCount)
            let matching = try scan(chunks, of: tree, shared.zeros, &hasher)
            let length = chunks.reduce(Int64(0)) { $0 + Int64(layout.length(ofChunk: $1)) }
            let done = shared.state.withLock { state in
                for chunk in matching { state.found.insert(chunk) }
                state.bytes += length
                return state.bytes
            }
            progress(done, total)
        }
    }

    private func scan(
        _ chunks: Range<Int>,
        of tree: LocalTree,
        _ zeros: ChunkSet,
        _ hasher: inout Hasher
    ) throws(SystemError) -> [Int] {
        var matching: [Int] = []
        var chunk = chunks.lowerBound
        while chunk < chunks.upperBound {
            let file = layout.file(ofChunk: chunk)
            let end = min(chunks.upperBound, layout.chunks(ofFile: file).upperBound)
            if let opened = try tree.open(file) {
                let size = try opened.status().size
                var reader = DiskReader(opened, asCached: subject.isCached)
                // Some file systems accept direct reads but still use the page cache. Drop the file's pages, so that
                // they have to read it from the disk.
                if subject.store != nil { reader.file.dropCached() }
                for chunk in chunk..<end {
                    let location = layout.location(ofChunk: chunk)
                    guard location.offset + Int64(location.length) <= size else { break }
                    if try matches(chunk, location, in: &reader, zeros, &hasher) { matching.append(chunk) }
                }
            }
            chunk = end
        }
        return matching
    }

    private func matches(
        _ chunk: Int,
        _ location: ChunkLayout.Location,
        in reader: inout DiskReader,
        _ zeros: ChunkSet,
        _ hasher: inout Hasher
    ) throws(SystemError) -> Bool {
        do throws(SystemError) {
            if subject.store != nil || zeros.contains(chunk) {
                let data = try reader.file.nextData(from: location.offset)
                guard let data, data.lowerBound < location.offset + Int64(location.length) else {
                    return zeros.contains(chunk)
                }
            }
            guard try hash(location, in: &reader, &hasher), hasher.sha256.finalize() == digests[chunk] else {
                return false
            }
            if let store = subject.store, reader.origin == .memory {
                _ = try store.write(chunk, UnsafeRawBufferPointer(rebasing: hasher.memory.bytes[..<location.length]))
            }
            return true
        } catch {
            // The disk has lost the chunk or never stored it: it counts as absent and is written again.
            guard subject.store != nil, error.isOfReading else { throw error }
            hasher.sha256.reset()
            return false
        }
    }

    /// Feeds a chunk to the hasher.
    /// - Returns: false if the file ends before the chunk does; the hasher is reset then.
    private func hash(
        _ location: ChunkLayout.Location,
        in reader: inout DiskReader,
        _ hasher: inout Hasher
    ) throws(SystemError) -> Bool {
        let memory = hasher.memory.bytes
        let keepsAll = memory.count >= location.length
        var done = 0
        while done < location.length {
            let wanted = min(memory.count, 1 << 20, location.length - done)
            let part = UnsafeMutableRawBufferPointer(rebasing: keepsAll ? memory[done...] : memory[...])
            let count = try reader.read(into: part, at: location.offset + Int64(done), length: wanted)
            hasher.sha256.update(UnsafeRawBufferPointer(rebasing: part[..<count]))
            guard count == wanted else {
                hasher.sha256.reset()
                return false
            }
            done += wanted
        }
        return true
    }
}
