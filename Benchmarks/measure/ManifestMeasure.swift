import FDLCore
import FDLSystem
import Glibc

/// The largest manifests.
enum ManifestMeasure {
    static func write(_ path: String, chunks: Int) throws {
        try WholeFile.replace(path, with: try manifest(chunks: chunks).encoded(), mode: 0o644)
    }

    /// Of one file.
    static func manifest(chunks: Int) throws -> Manifest {
        guard let name = ManifestName("large"), let chunkSize = ChunkSize(bytes: ChunkSize.allowed.lowerBound) else {
            throw MeasureError("no name or no chunk size")
        }
        return try Manifest(
            name: name,
            version: 1,
            created: UTCTime(secondsSince1970: 1_795_341_600),
            chunkSize: chunkSize,
            files: [
                Manifest.File(
                    path: try SafePath("large"),
                    size: Int64(chunks) * Int64(chunkSize.bytes),
                    isExecutable: false
                )
            ],
            digests: try (0..<chunks).map(digest)
        )
    }

    /// 32 bytes that differ from chunk to chunk and look like a digest's.
    private static func digest(_ chunk: Int) throws -> SHA256Digest {
        var bytes: [UInt8] = []
        var state = UInt64(chunk) &* 0x9e37_79b9_7f4a_7c15
        for _ in 0..<4 {
            state = (state ^ (state >> 31)) &* 0xbf58_476d_1ce4_e5b9
            withUnsafeBytes(of: state) { bytes += $0 }
        }
        guard let digest = bytes.withUnsafeBytes({ SHA256Digest(bytes: $0) }) else {
            throw MeasureError("a digest has 32 bytes")
        }
        return digest
    }

    /// Seconds from the file to a checked manifest with its layout.
    static func parse(_ path: String) throws -> String {
        var chunks = 0
        let seconds = try Clock.wall.time {
            let manifest = try Manifest(parsing: try WholeFile.read(path, limit: Manifest.maximumBytes))
            chunks = manifest.layout.chunkCount
        }
        guard chunks > 0 else { throw MeasureError("the manifest has no chunks") }
        return fixed(seconds)
    }
}
