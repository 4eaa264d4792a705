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
    private var seed: UInt64 = 0

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

    /// Bytes that no compression shrinks, others at each call.
    func noise(_ count: Int) -> [UInt8] {
        seed += 1
        return TestSupport.noise(count, seed: seed)
    }

    func responder() throws -> Responder {
        let root = try ServedRoot(path)
        return Responder(
            root: root,
            watcher: CatalogWatcher(root: root, logger: Self.quiet),
            notices: LimitNotices(logger: Self.quiet)
        )
    }

    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
