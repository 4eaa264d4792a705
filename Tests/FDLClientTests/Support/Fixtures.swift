import FDLCore
import FDLCrypto
import Testing

@testable import FDLClient

/// Deterministic bytes (an xorshift generator), so that a test's data is the same in each run.
func patternBytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed | 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state >> 24)
    }
}

/// A manifest of files with these contents, in 64 KiB chunks.
func manifest(_ files: [(path: String, bytes: [UInt8])]) throws -> Manifest {
    let chunkSize = try #require(ChunkSize(bytes: 65536))
    var digests: [SHA256Digest] = []
    var entries: [Manifest.File] = []
    for file in files {
        entries.append(
            Manifest.File(path: try SafePath(file.path), size: Int64(file.bytes.count), isExecutable: false)
        )
        for start in stride(from: 0, to: file.bytes.count, by: 65536) {
            digests.append(SHA256Digest(hashing: Array(file.bytes[start..<min(start + 65536, file.bytes.count)])))
        }
    }
    return try Manifest(
        name: try #require(ManifestName("test")),
        version: 1,
        created: UTCTime(secondsSince1970: 0),
        chunkSize: chunkSize,
        files: entries,
        digests: digests
    )
}

func expected(_ manifest: Manifest, _ chunks: Range<Int>) -> [ExpectedChunk] {
    chunks.map {
        ExpectedChunk(index: $0, length: manifest.layout.length(ofChunk: $0), digest: manifest.digests[$0])
    }
}
