import FDLSystem
import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct WholeFileTests {
    private let folder: TemporaryFolder
    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    init() throws { folder = try TemporaryFolder() }

    @Test func `a name of 255 bytes is written as any other`() throws {
        let longest = String(repeating: "m", count: 255)
        let other = String(repeating: "ü", count: 127)
        try WholeFile.replace(path(longest), with: [1], mode: 0o644)
        try WholeFile.replace(path(longest), with: [2], mode: 0o644)
        try WholeFile.create(path(other), with: [3], mode: 0o600)
        #expect(try folder.read(longest) == [2] && folder.read(other) == [3])
        #expect(try folder.names() == [longest, other])
    }

    @Test func `what is there is never replaced by what is created`() throws {
        try WholeFile.create(path("x"), with: [1], mode: 0o600)
        let error = #expect(throws: SystemError.self) { try WholeFile.create(path("x"), with: [2], mode: 0o600) }
        #expect(error?.code == EEXIST && error?.path == path("x"))
        #expect(symlink("nowhere", path("link")) == 0)
        #expect(throws: SystemError.self) { try WholeFile.create(path("link"), with: [2], mode: 0o600) }
        #expect(try folder.read("x") == [1] && folder.names() == ["link", "x"])
    }

    @Test func `several are put in place together`() throws {
        try WholeFile.replace([(path("a"), [1]), (path("b"), [2])], mode: 0o644)
        try WholeFile.replace([(path("a"), [3]), (path("b"), [4])], mode: 0o644)
        #expect(try folder.read("a") == [3] && folder.read("b") == [4] && folder.names() == ["a", "b"])
    }

    @Test func `where the second cannot be put in place, the first is as it was`() throws {
        try folder.write([1], "a")
        try folder.write([], "b/x")
        #expect(throws: SystemError.self) {
            try WholeFile.replace([(path("a"), [3]), (path("b"), [4])], mode: 0o644)
        }
        #expect(try folder.read("a") == [1])
        #expect(throws: SystemError.self) {
            try WholeFile.replace([(path("new"), [3]), (path("b"), [4])], mode: 0o644)
        }
        #expect(try folder.names() == ["a", "b"])
    }

    @Test func `what a killed writer left goes with the next writing, and what a living one holds stays`() throws {
        try folder.write([1], "a")
        let name = temporaryName(of: "a")
        try folder.write(Array("left".utf8), name)
        try WholeFile.replace(path("a"), with: [2], mode: 0o644)
        #expect(try folder.names() == ["a"])
        let held = try Descriptor(opening: path(name), flags: O_RDWR | O_CREAT, mode: 0o600)
        #expect(try held.lock() == .taken)
        try WholeFile.replace(path("a"), with: [3], mode: 0o644)
        #expect(try folder.read("a") == [3] && folder.names().sorted() == [name, "a"].sorted())
    }

    /// FNV-1a, written down a second time so that the name does not change unseen: two versions of the program have to
    /// find each other's.
    private func temporaryName(of name: String) -> String {
        let hash = name.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return ".\(String(repeating: "0", count: 16 - digits.count))\(digits).fdl-part"
    }
}

@Suite struct ProcessLimitsTests {
    @Test func `what is free is counted and given back`() throws {
        #expect(ProcessLimits.freeDescriptors(of: 7) == 7)
        #expect(try ProcessLimits.eventLoops(cores: 2, spare: 3) == 2)
        try ProcessLimits.check(threads: 3, bytes: 1 << 20)
    }

    @Test func `what no process gets is refused`() {
        let error = #expect(throws: SystemError.self) { try ProcessLimits.check(threads: 1, bytes: 1 << 62) }
        #expect(error?.code == ENOMEM)
    }
}
