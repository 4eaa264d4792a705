package import FDLCore
import FDLCrypto

extension Manifest {
    package static func sample(_ files: [(path: String, bytes: [UInt8])]) throws -> Manifest {
        try sample("test", files)
    }

    /// The manifest of some files, in chunks of 64 KiB.
    package static func sample(
        _ name: String,
        version: Int64 = 1,
        _ files: [(path: String, bytes: [UInt8])]
    ) throws -> Manifest {
        guard let size = ChunkSize(bytes: 64 << 10), let name = ManifestName(name) else {
            throw HarnessError("\(name) is not the name of a manifest")
        }
        return try Manifest(
            name: name,
            version: version,
            created: UTCTime(secondsSince1970: 0),
            chunkSize: size,
            files: files.map {
                try Manifest.File(path: SafePath($0.path), size: Int64($0.bytes.count), isExecutable: false)
            },
            digests: files.flatMap { sampleChunks($0.bytes).map { SHA256Digest(hashing: $0) } }
        )
    }
}

/// A file's chunks as `Manifest.sample` has them.
package func sampleChunks(_ bytes: [UInt8]) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: 64 << 10).map { Array(bytes[$0..<min($0 + (64 << 10), bytes.count)]) }
}
