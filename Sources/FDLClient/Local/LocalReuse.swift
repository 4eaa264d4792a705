import FDLCore
import FDLCrypto
import FDLSystem
import Glibc
import Synchronization

/// Copies chunks that local files hold: older versions given as seeds, the output to be replaced, and the partial
/// output itself if several chunks of the manifest have the same digest.
struct LocalReuse: Sendable {
    let layout: ChunkLayout
    let digests: [SHA256Digest]
    /// Nil if the chunks are only looked for.
    let store: ChunkStore?
    let hashers: Int
    var progress: ScanProgress = { _, _ in }

    /// What the threads share.
    private final class Search: Sendable {
        struct State: Sendable {
            /// By digest: the missing chunks that have it.
            var wanted: [SHA256Digest: [Int]]
            var copied: ChunkSet
            /// The seed to look at next.
            var file = 0
            /// What to look at next: an offset in that seed, in bytes, or a chunk if the store itself is searched.
            var next: Int64 = 0
            /// How many bytes of seeds have been searched.
            var bytes: Int64 = 0
        }
        let state: Mutex<State>

        init(missing: ChunkSet, digests: [SHA256Digest]) {
            var wanted: [SHA256Digest: [Int]] = [:]
            for chunk in missing { wanted[digests[chunk], default: []].append(chunk) }
            state = Mutex(State(wanted: wanted, copied: ChunkSet(bound: missing.bound)))
        }

        var copied: ChunkSet { state.withLock { $0.copied } }

        /// The missing chunks with this digest. Each is handed out only once, so that one thread alone writes it.
        func take(_ digest: SHA256Digest) -> [Int]? { state.withLock { $0.wanted.removeValue(forKey: digest) } }

        func note(_ chunk: Int) { state.withLock { _ = $0.copied.insert(chunk) } }
    }

    /// Searches files and folders for missing chunks, at offsets that are multiples of the chunk size.
    /// - Returns: the chunks that were copied into the store.
    /// - Throws: `Failure` if a seed cannot be read, `SystemError` if the store cannot be written.
    func copy(fromSeeds paths: [String], missing: ChunkSet) async throws -> ChunkSet {
        guard !missing.isEmpty, !paths.isEmpty else { return ChunkSet(bound: missing.bound) }
        let search = Search(missing: missing, digests: digests)
        let seeds = try paths.flatMap { try Self.files(at: $0) }
        let total = seeds.reduce(0) { $0 + $1.size }
        try await ParallelWork.run(threads: hashers) { stop in
            var buffer = [UInt8](repeating: 0, count: layout.chunkSize.bytes)
            while !stop.isSet, let (path, offsets) = nextRun(of: seeds, search) {
                try copyRun(offsets, of: path, search, stop, &buffer)
                let done = search.state.withLock { state in
                    state.bytes += Int64(offsets.count)
                    return state.bytes
                }
                progress(done, total)
            }
        }
        return search.copied
    }

    /// Copies chunks of the store to the missing chunks that have the same digest.
    /// - Parameter present: the chunks that the store holds.
    /// - Returns: the chunks that were copied.
    /// - Throws: `SystemError` if the store cannot be read or written.
    func copyDuplicates(missing: ChunkSet, present: ChunkSet) async throws -> ChunkSet {
        guard !missing.isEmpty, !present.isEmpty else { return ChunkSet(bound: missing.bound) }
        let search = Search(missing: missing, digests: digests)
        try await ParallelWork.run(threads: hashers) { stop in
            while !stop.isSet, let chunk = nextPresent(present, search) {
                // Skip a chunk whose bytes have changed since the scan; another one may have the same digest.
                guard let bytes = try read(chunk), let places = search.take(digests[chunk]) else { continue }
                try store(bytes[...], at: places, search)
            }
        }
        return search.copied
    }

    // MARK: Seeds

    /// A file that may hold chunks, and its size in bytes.
    private struct Seed: Sendable {
        let path: String
        let size: Int64
    }

    private static func files(at path: String) throws(Failure) -> [Seed] {
        try explaining(for: .input) { () throws(SystemError) in
            let status = try FileStatus(path: path)
            guard status.kind == .directory else { return [Seed(path: path, size: status.size)] }
            return try FileTree.regularFiles(beneath: path).files.map {
                Seed(path: "\(path)/\($0.path)", size: $0.status.size)
            }
        }
    }

    /// The next part of a seed to search: long enough for sequential reads, short enough that all threads finish at
    /// about the same time.
    private func nextRun(of seeds: [Seed], _ search: Search) -> (path: String, offsets: Range<Int64>)? {
        let length = Int64(max(layout.chunkSize.bytes, 8 << 20))
        return search.state.withLock { state in
            while state.file < seeds.count, !state.wanted.isEmpty {
                let seed = seeds[state.file]
                if state.next < seed.size {
                    let end = min(seed.size, state.next + length)
                    defer { state.next = end }
                    return (seed.path, state.next..<end)
                }
                state.file += 1
                state.next = 0
            }
            return nil
        }
    }

    private func copyRun(
        _ offsets: Range<Int64>,
        of path: String,
        _ search: Search,
        _ stop: StopFlag,
        _ buffer: inout [UInt8]
    ) throws(SystemError) {
        let file = try Descriptor(opening: path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
        guard try file.status().kind == .regular else { return }
        var offset = offsets.lowerBound
        while offset < offsets.upperBound, !stop.isSet {
            guard let count = try read(file, at: offset, &buffer) else {
                offset += Int64(buffer.count)
                continue
            }
            guard count > 0 else { return }
            let digest = buffer[..<count].withUnsafeBytes { SHA256Digest(hashing: $0) }
            if let places = search.take(digest) { try store(buffer[..<count], at: places, search) }
            offset += Int64(count)
        }
    }

    /// - Returns: how many bytes were read; nil if they cannot be read, because a seed may well be a damaged copy.
    private func read(_ file: borrowing Descriptor, at offset: Int64, _ buffer: inout [UInt8]) throws(SystemError)
        -> Int?
    {
        do throws(SystemError) {
            return try buffer.withUnsafeMutableBufferPointer { buffer throws(SystemError) in
                try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            }
        } catch {
            guard error.isOfReading else { throw error }
            return nil
        }
    }

    // MARK: The store's own chunks

    /// The next chunk of the store whose digest a missing chunk has.
    private func nextPresent(_ present: ChunkSet, _ search: Search) -> Int? {
        search.state.withLock { state in
            while !state.wanted.isEmpty, let chunk = present.first(from: Int(state.next)) {
                state.next = Int64(chunk) + 1
                if state.wanted[digests[chunk]] != nil { return chunk }
            }
            return nil
        }
    }

    /// The bytes of a chunk of the partial output; nil if they have changed since they were verified.
    private func read(_ chunk: Int) throws(SystemError) -> [UInt8]? {
        let location = layout.location(ofChunk: chunk)
        guard let file = try store?.tree.open(location.file) else { return nil }
        var bytes = [UInt8](repeating: 0, count: location.length)
        let count = try bytes.withUnsafeMutableBufferPointer { bytes throws(SystemError) in
            try file.read(into: UnsafeMutableRawBufferPointer(bytes), at: location.offset)
        }
        guard count == location.length else { return nil }
        return bytes.withUnsafeBytes { SHA256Digest(hashing: $0) } == digests[chunk] ? bytes : nil
    }

    private func store(_ bytes: ArraySlice<UInt8>, at places: [Int], _ search: Search) throws(SystemError) {
        guard let store else { return places.forEach(search.note) }
        for chunk in places {
            let written = try bytes.span.withUnsafeBytes { bytes throws(SystemError) in
                try store.write(chunk, bytes)
            }
            if written { search.note(chunk) }
        }
    }
}
