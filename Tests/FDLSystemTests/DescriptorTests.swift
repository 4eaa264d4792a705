import FDLCore
import Foundation
import Testing

@testable import FDLSystem

/// A directory of its own for one test, gone with it.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "fdl-system-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        let file = "\(path)/\(name)"
        try Directory.create(Directory.containing(file))
        try WholeFile.replace(file, with: Array(text.utf8), mode: 0o644)
    }
}

@Suite struct DescriptorTests {
    @Test func readsBeneathAndNowhereElse() throws {
        let temporary = try TemporaryDirectory()
        try temporary.write("inside", to: "root/a/b.txt")
        try temporary.write("outside", to: "secret.txt")
        let root = "\(temporary.path)/root"
        try FileManager.default.createSymbolicLink(atPath: "\(root)/link", withDestinationPath: "../secret.txt")
        try FileManager.default.createSymbolicLink(atPath: "\(root)/out", withDestinationPath: "..")
        let directory = try Descriptor(opening: root, flags: O_RDONLY | O_DIRECTORY)

        let inside = try directory.open(beneath: "a/b.txt", flags: O_RDONLY)
        #expect(try inside.readAll(limit: 100) == Array("inside".utf8))
        for path in ["link", "out/secret.txt", "../secret.txt", "\(temporary.path)/secret.txt"] {
            #expect(throws: SystemError.self) { _ = try directory.open(beneath: path, flags: O_RDONLY) }
        }
    }

    @Test func readsRangesAndStopsAtTheEnd() throws {
        let temporary = try TemporaryDirectory()
        try temporary.write("0123456789", to: "file")
        let file = try Descriptor(opening: "\(temporary.path)/file", flags: O_RDONLY)
        var buffer = [UInt8](repeating: 0, count: 8)
        #expect(try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: 6) } == 4)
        #expect(buffer[..<4] == ArraySlice("6789".utf8))
        #expect(throws: SystemError(operation: "read", path: "\(temporary.path)/file", code: EFBIG)) {
            try file.readAll(limit: 9)
        }
    }

    @Test func aLockHasOneHolder() throws {
        let temporary = try TemporaryDirectory()
        try temporary.write("", to: "file")
        let first = try Descriptor(opening: "\(temporary.path)/file", flags: O_RDWR)
        let second = try Descriptor(opening: "\(temporary.path)/file", flags: O_RDWR)
        #expect(try first.lock())
        #expect(try !second.lock())
    }

    @Test func replacesWholeOrNotAtAll() throws {
        let temporary = try TemporaryDirectory()
        try temporary.write("old", to: "file")
        try temporary.write("new", to: "file")
        #expect(try WholeFile.read("\(temporary.path)/file", limit: 10) == Array("new".utf8))
        // A directory in the way: the rename fails, and the temporary file is gone again.
        try temporary.write("", to: "taken/x")
        #expect(throws: SystemError.self) {
            try WholeFile.replace("\(temporary.path)/taken", with: [1], mode: 0o600)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.path).sorted() == ["file", "taken"])
    }

    @Test func listsRegularFilesSortedAndNamesTheRest() throws {
        let temporary = try TemporaryDirectory()
        for name in ["b", "a/z", "a/ä", "a-b", ".hidden/x"] { try temporary.write(name, to: name) }
        try FileManager.default.createSymbolicLink(atPath: "\(temporary.path)/link", withDestinationPath: "b")
        let listing = try FileTree.regularFiles(beneath: temporary.path) { !$0.hasPrefix(".") }
        #expect(listing.files.map(\.path) == ["a-b", "a/z", "a/ä", "b"])
        #expect(listing.skipped == ["link"])
    }

    @Test func baseDirectoriesMustBeAbsolute() {
        let directories = UserDirectories(environment: ["HOME": "/h", "XDG_CONFIG_HOME": "x", "XDG_STATE_HOME": "/s"])
        #expect(directories.configuration == "/h/.config/fdl")
        #expect(directories.state == "/s/fdl")
    }
}
