import FDLCore
import FDLCrypto
import FDLSystem
import NIOCore
import NIOPosix
import Synchronization

/// Finds which chunks lie where the manifest wants them, by hashing them with all cores.
struct ChunkScanner: Sendable {
    let layout: ChunkLayout
    let digests: [SHA256Digest]
    let pool: NIOThreadPool
    let workers: Int
    /// For a partial output: a hole was never written, so there is nothing to hash. Elsewhere a hole is zeros.
    let skipsHoles: Bool

    /// What a scan shares between its workers.
    private final class Shared: Sendable {
        struct State: Sendable {
            var next = 0
            var found: ChunkSet
        }
        let state: Mutex<State>

        init(chunkCount: Int) { state = Mutex(State(found: ChunkSet(bound: chunkCount))) }
    }

    /// The chunks of `tree` whose bytes match. Files that are missing or short simply have fewer of them.
    /// - Throws: `SystemError` where a file cannot be read; `CancellationError`.
    func matchingChunks(in tree: LocalTree) async throws -> ChunkSet {
        let shared = Shared(chunkCount: layout.chunkCount)
        try await pool.runEverywhere(workers) { stop in try scan(tree, shared, stop) }
        return shared.state.withLock { $0.found }
    }

    /// One worker: takes a run of chunks at a time until none is left.
    private func scan(_ tree: LocalTree, _ shared: Shared, _ stop: StopFlag) throws(SystemError) {
        // Long enough that workers read sequentially, short enough that they end together.
        let run = max(1, (8 << 20) / layout.chunkSize.bytes)
        var buffer = [UInt8](repeating: 0, count: min(layout.chunkSize.bytes, 1 << 20))
        var hasher = SHA256Hasher()
        while !stop.isSet {
            let start = shared.state.withLock { state in
                defer { state.next += run }
                return state.next
            }
            guard start < layout.chunkCount else { return }
            let matching = try scan(start..<min(start + run, layout.chunkCount), of: tree, &buffer, &hasher)
            shared.state.withLock { state in
                for chunk in matching { state.found.insert(chunk) }
            }
        }
    }

    private func scan(
        _ chunks: Range<Int>,
        of tree: LocalTree,
        _ buffer: inout [UInt8],
        _ hasher: inout SHA256Hasher
    ) throws(SystemError) -> [Int] {
        var matching: [Int] = []
        var chunk = chunks.lowerBound
        while chunk < chunks.upperBound {
            let file = layout.file(ofChunk: chunk)
            let end = min(chunks.upperBound, layout.chunks(ofFile: file).upperBound)
            if let opened = try tree.open(file) {
                for chunk in chunk..<end
                where try matches(chunk, in: opened, &buffer, &hasher) {
                    matching.append(chunk)
                }
            }
            chunk = end
        }
        return matching
    }

    private func matches(
        _ chunk: Int,
        in file: borrowing Descriptor,
        _ buffer: inout [UInt8],
        _ hasher: inout SHA256Hasher
    ) throws(SystemError) -> Bool {
        let location = layout.location(ofChunk: chunk)
        if skipsHoles {
            guard let data = try file.nextData(from: location.offset),
                data.lowerBound < location.offset + Int64(location.length)
            else { return false }
        }
        guard try hasher.hash(file, at: location.offset, length: location.length, through: &buffer) else {
            return false
        }
        return hasher.finalize() == digests[chunk]
    }
}

extension SHA256Hasher {
    /// Takes `length` bytes of a file, read through `buffer`.
    /// - Returns: false where the file ends before; what was taken is dropped.
    mutating func hash(
        _ file: borrowing Descriptor,
        at offset: Int64,
        length: Int,
        through buffer: inout [UInt8]
    ) throws(SystemError) -> Bool {
        var done = 0
        while done < length {
            let wanted = min(buffer.count, length - done)
            var bytes = buffer.mutableSpan
            let count = try bytes.withUnsafeMutableBytes { bytes throws(SystemError) in
                let part = UnsafeMutableRawBufferPointer(rebasing: bytes[..<wanted])
                let count = try file.read(into: part, at: offset + Int64(done))
                update(UnsafeRawBufferPointer(rebasing: part[..<count]))
                return count
            }
            if count < wanted {
                _ = finalize()
                return false
            }
            done += wanted
        }
        return true
    }
}
