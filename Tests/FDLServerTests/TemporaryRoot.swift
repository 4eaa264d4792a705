import FDLCore
import FDLCrypto
import Foundation
import Logging
import Testing
import TestSupport

@testable import FDLServer

/// A directory to serve that is gone with its owner.
final class TemporaryRoot {
    private let folder: TemporaryFolder
    private var generator = SeededGenerator(seed: 3)

    init() throws { folder = try TemporaryFolder() }

    var path: String { folder.path }

    func write(_ name: String, _ bytes: [UInt8]) throws { try folder.write(bytes, name) }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }

    func truncate(_ name: String, to size: UInt64) throws {
        let file = try FileHandle(forUpdating: URL(filePath: "\(path)/\(name)"))
        try file.truncate(atOffset: size)
        try file.close()
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
    }

    /// Directories so deep in one another that the path of the last is longer than the system takes: what a directory
    /// without permission is to others, it is even to root.
    func makeTooDeep() throws {
        let name = String(repeating: "d", count: 250)
        var directory = open(path, O_RDONLY | O_DIRECTORY)
        for _ in 0..<18 {
            try #require(mkdirat(directory, name, 0o755) == 0)
            let next = openat(directory, name, O_RDONLY | O_DIRECTORY)
            close(directory)
            directory = next
        }
        close(directory)
    }

    /// Bytes that no compression shrinks.
    func noise(_ count: Int) -> [UInt8] {
        let words = (0..<(count / 8 + 1)).map { _ in generator.next() }
        return words.withUnsafeBytes { Array($0[..<count]) }
    }

    func responder() throws -> Responder {
        let root = try ServedRoot(path)
        return Responder(root: root, watcher: CatalogWatcher(root: root, logger: Self.quiet))
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// The manifest of some files in chunks of 64 KiB.
    static func manifest(
        _ name: String,
        version: Int64 = 1,
        _ files: [(path: String, bytes: [UInt8])]
    ) throws -> Manifest {
        let size = try #require(ChunkSize(bytes: 64 << 10))
        return try Manifest(
            name: #require(ManifestName(name)),
            version: version,
            created: UTCTime(secondsSince1970: 1_795_341_600),
            chunkSize: size,
            files: files.map {
                try Manifest.File(path: SafePath($0.path), size: Int64($0.bytes.count), isExecutable: false)
            },
            digests: files.flatMap { chunks($0.bytes).map { SHA256Digest(hashing: $0) } }
        )
    }

    static func chunks(_ bytes: [UInt8]) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: 64 << 10).map { Array(bytes[$0..<min($0 + (64 << 10), bytes.count)]) }
    }
}
