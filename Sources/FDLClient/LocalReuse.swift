import FDLCore
import FDLCrypto
import FDLSystem
import Glibc
import NIOPosix

/// Copies chunks that other local files hold: older versions given as seeds, the output that is to be replaced, and
/// the partial output itself where the manifest lists one digest at several places.
struct LocalReuse: Sendable {
    let layout: ChunkLayout
    let digests: [SHA256Digest]
    let store: ChunkStore
    let pool: NIOThreadPool

    /// Looks through `paths`, files or folders, at every chunk-aligned offset.
    /// - Returns: the chunks that were copied into the store.
    /// - Throws: `Failure` where a seed cannot be read or the store not be written.
    func copy(fromSeeds paths: [String], missing: ChunkSet) async throws -> ChunkSet {
        try await pool.runIfActive {
            var copied = ChunkSet(bound: missing.bound)
            guard !missing.isEmpty else { return copied }
            var wanted = places(of: missing)
            for path in paths {
                for file in try Self.files(at: path) where !wanted.isEmpty {
                    try copyChunks(of: file, &wanted, &copied)
                }
            }
            return copied
        }
    }

    /// Copies chunks to the other places that want the same bytes.
    /// - Parameter present: the chunks that the store holds.
    func copyDuplicates(missing: ChunkSet, present: ChunkSet) async throws -> ChunkSet {
        try await pool.runIfActive {
            var copied = ChunkSet(bound: missing.bound)
            guard !missing.isEmpty, !present.isEmpty else { return copied }
            let wanted = places(of: missing)
            for chunk in present {
                guard let places = wanted[digests[chunk]] else { continue }
                guard let bytes = try read(chunk) else { continue }
                try store(bytes[...], at: places, &copied)
            }
            return copied
        }
    }

    private func places(of chunks: ChunkSet) -> [SHA256Digest: [Int]] {
        var places: [SHA256Digest: [Int]] = [:]
        for chunk in chunks { places[digests[chunk], default: []].append(chunk) }
        return places
    }

    private static func files(at path: String) throws(Failure) -> [String] {
        do throws(SystemError) {
            let status = try FileStatus(path: path)
            guard status.kind == .directory else { return [path] }
            return try FileTree.regularFiles(beneath: path).files.map { "\(path)/\($0.path)" }
        } catch {
            throw error.failure(error.isNotFound ? .usage : .localIO)
        }
    }

    private func copyChunks(
        of path: String,
        _ wanted: inout [SHA256Digest: [Int]],
        _ copied: inout ChunkSet
    ) throws(Failure) {
        do throws(SystemError) {
            let file = try Descriptor(opening: path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard try file.status().kind == .regular else { return }
            var buffer = [UInt8](repeating: 0, count: layout.chunkSize.bytes)
            var offset: Int64 = 0
            while !wanted.isEmpty {
                let count = try buffer.withUnsafeMutableBufferPointer { buffer throws(SystemError) in
                    try file.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
                }
                guard count > 0 else { return }
                let digest = buffer[..<count].withUnsafeBytes { SHA256Digest(hashing: $0) }
                if let places = wanted.removeValue(forKey: digest) { try store(buffer[..<count], at: places, &copied) }
                guard count == buffer.count else { return }
                offset += Int64(count)
            }
        } catch {
            throw error.failure(.localIO)
        }
    }

    private func store(_ bytes: ArraySlice<UInt8>, at places: [Int], _ copied: inout ChunkSet) throws(SystemError) {
        for chunk in places where !copied.contains(chunk) {
            let written = try bytes.span.withUnsafeBytes { bytes throws(SystemError) in
                try store.write(chunk, bytes)
            }
            if written { copied.insert(chunk) }
        }
    }

    /// A chunk of the partial output that a scan has found whole; nil where it has changed since.
    private func read(_ chunk: Int) throws(SystemError) -> [UInt8]? {
        let location = layout.location(ofChunk: chunk)
        guard let file = try store.tree.open(location.file) else { return nil }
        var bytes = [UInt8](repeating: 0, count: location.length)
        let count = try bytes.withUnsafeMutableBufferPointer { bytes throws(SystemError) in
            try file.read(into: UnsafeMutableRawBufferPointer(bytes), at: location.offset)
        }
        guard count == location.length else { return nil }
        return bytes.withUnsafeBytes { SHA256Digest(hashing: $0) } == digests[chunk] ? bytes : nil
    }
}
