import FDLCore
import Foundation
import TestSupport
import Testing

@testable import FDLServer

@Suite("The served root")
struct ServedRootTests {
    private func text(_ root: ServedRoot, _ path: String) throws -> String? {
        try root.open(path).map { String(decoding: try $0.readAll(limit: 100), as: UTF8.self) }
    }

    @Test func `never opens the file of the worker's key, whatever its name`() throws {
        let directory = try TemporaryRoot()
        try directory.write("server.pem", [UInt8]("secret".utf8))
        try directory.write("other.pem", [UInt8]("public".utf8))
        try FileManager.default.linkItem(atPath: "\(directory.path)/server.pem", toPath: "\(directory.path)/innocent")
        let root = try ServedRoot(directory.path)
        #expect(try text(root, "innocent") == "secret")
        root.refuse("\(directory.path)/server.pem")
        #expect(try text(root, "server.pem") == nil)
        #expect(try text(root, "innocent") == nil)
        #expect(try text(root, "other.pem") == "public")
    }

    @Test func `never opens what comes to the path of the worker's key, nor the target of a link there`() throws {
        let directory = try TemporaryRoot()
        try directory.write("keys/server.pem", [UInt8]("one".utf8))
        try directory.write("keys/archive/2.pem", [UInt8]("two".utf8))
        try directory.link("live.pem", to: "\(directory.path)/keys/archive/2.pem")
        let root = try ServedRoot(directory.path)
        root.refuse("\(directory.path)/keys/../keys/server.pem")
        root.refuse("\(directory.path)/live.pem")
        for path in ["keys/server.pem", "keys/archive/2.pem"] {
            // Renewed by rename: another inode at the same path.
            try directory.write("new", [UInt8]("new".utf8))
            try FileManager.default.removeItem(atPath: "\(directory.path)/\(path)")
            try FileManager.default.moveItem(atPath: "\(directory.path)/new", toPath: "\(directory.path)/\(path)")
            #expect(try text(root, path) == nil)
        }
    }

    @Test(arguments: [true, false])
    func `goes along when another directory comes to stand at its path`(byLink: Bool) throws {
        let directory = try TemporaryRoot()
        try directory.write("one/a", [UInt8]("1".utf8))
        try directory.write("two/a", [UInt8]("2".utf8))
        let manifest = try Manifest.sample("a", [("a", [UInt8]("2".utf8))])
        try directory.write("two/a.manifest.json", manifest.encoded())
        let path = "\(directory.path)/\(byLink ? "current" : "one")"
        if byLink { try directory.link("current", to: "one") }
        let root = try ServedRoot(path)
        let watcher = CatalogWatcher(root: root, logger: TemporaryRoot.quiet)
        #expect(try text(root, "a") == "1")
        #expect(watcher.catalog.manifests.isEmpty)

        try FileManager.default.removeItem(atPath: path)
        watcher.look()
        if byLink {
            try directory.link("current", to: "two")
        } else {
            try FileManager.default.moveItem(atPath: "\(directory.path)/two", toPath: path)
        }
        watcher.look()
        #expect(try text(root, "a") == "2")
        #expect(watcher.catalog.manifests.count == 1)
    }
}
