import FDLCore
import Foundation
import TestSupport
import Synchronization
import Testing

@testable import FDLSystem

extension TemporaryFolder {
    func write(_ text: String, to name: String) throws { try write(Array(text.utf8), name) }
}

@Suite struct DescriptorTests {
    @Test func readsBeneathAndNowhereElse() throws {
        let temporary = try TemporaryFolder()
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
        let temporary = try TemporaryFolder()
        try temporary.write("0123456789", to: "file")
        let file = try Descriptor(opening: "\(temporary.path)/file", flags: O_RDONLY)
        var buffer = [UInt8](repeating: 0, count: 8)
        #expect(try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: 6) } == 4)
        #expect(buffer[..<4] == ArraySlice("6789".utf8))
        #expect(throws: SystemError(operation: .read, path: "\(temporary.path)/file", code: EFBIG)) {
            try file.readAll(limit: 9)
        }
    }

    @Test func aLockHasOneHolder() throws {
        let temporary = try TemporaryFolder()
        try temporary.write("", to: "file")
        let first = try Descriptor(opening: "\(temporary.path)/file", flags: O_RDWR)
        let second = try Descriptor(opening: "\(temporary.path)/file", flags: O_RDWR)
        #expect(try first.lock() == .taken)
        #expect(try second.lock() == .held)
    }

    @Test func replacesWholeOrNotAtAll() throws {
        let temporary = try TemporaryFolder()
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
        let temporary = try TemporaryFolder()
        for name in ["b", "a/z", "a/ä", "a-b", ".hidden/x"] { try temporary.write(name, to: name) }
        try FileManager.default.createSymbolicLink(atPath: "\(temporary.path)/link", withDestinationPath: "b")
        let listing = try FileTree.regularFiles(beneath: temporary.path) { !$0.hasPrefix(".") }
        #expect(listing.files.map(\.path) == ["a-b", "a/z", "a/ä", "b"])
        #expect(listing.skipped == ["link"])
    }
}

@Suite struct DirectWritingTests {
    @Test func writesWholeBlocksAndSaysHowMany() throws {
        let temporary = try TemporaryFolder()
        let path = "\(temporary.path)/file"
        let file = try Descriptor(opening: path, flags: O_RDWR | O_CREAT, mode: 0o600)
        guard let direct = file.reopenedForDirectWriting() else {
            Issue.record("the temporary directory lies on no disk: its file system has no direct writing")
            return
        }
        let block = Descriptor.blockSize
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 3 * block, alignment: block)
        defer { memory.deallocate() }
        for index in memory.indices { memory[index] = UInt8(truncatingIfNeeded: index / block + 1) }
        let bytes = UnsafeRawBufferPointer(memory)

        func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }
        #expect(try direct.writeBlocks([part(0..<(2 * block + 7))], at: 0) == 2 * block)
        #expect(try direct.writeBlocks([part(block..<(2 * block)), part(0..<7)], at: Int64(block)) == block)
        // What lies between the blocks would be skipped.
        #expect(try direct.writeBlocks([part(0..<(block + 7)), part(block..<(2 * block))], at: 0) == block)
        #expect(try direct.writeBlocks([part(0..<block), part(8..<(block + 8))], at: 0) == block)
        #expect(try direct.writeBlocks([part(0..<block), part(block..<(2 * block))], at: 0) == 2 * block)
        #expect(try direct.writeBlocks([UnsafeRawBufferPointer(rebasing: bytes[8...])], at: 0) == 0)
        #expect(try direct.writeBlocks([bytes], at: 8) == 0)
        #expect(try direct.writeBlocks([UnsafeRawBufferPointer(rebasing: bytes[..<100])], at: 0) == 0)
        #expect(try file.status().size == Int64(2 * block))
        #expect(
            try file.readAll(limit: 3 * block)
                == [UInt8](repeating: 1, count: block) + [UInt8](repeating: 2, count: block)
        )
    }

    @Test func whatCannotBeWrittenToFailsAsItself() throws {
        let temporary = try TemporaryFolder()
        try temporary.write("text", to: "file")
        let file = try Descriptor(opening: "\(temporary.path)/file", flags: O_RDONLY)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 4096)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        let error = #expect(throws: SystemError.self) {
            _ = try file.writeBlocks([UnsafeRawBufferPointer(memory)], at: 0)
        }
        #expect(error?.code == EBADF)
    }
}

@Suite struct StreamWritingTests {
    @Test func aPipeThatIsFullAndNonBlockingIsWaitedFor() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        #expect(fcntl(writing, F_SETFL, O_NONBLOCK) == 0)
        // A thread of its own: whoever blocks one of the tests' threads may wait for a test that gets none.
        let count = Mutex(0)
        let started = startThread {
            var block = [UInt8](repeating: 0, count: 4096)
            while true {
                let got = read(reading, &block, block.count)
                // A child of another test that ends interrupts it.
                if got < 0, errno == EINTR { continue }
                guard got > 0 else { break }
                count.withLock { $0 += got }
            }
            close(reading)
        }
        try #require(started)
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        let descriptor = Descriptor(owning: writing, path: "the pipe")
        try bytes.span.withUnsafeBytes { bytes throws(SystemError) in try descriptor.write(bytes) }
        // All but what a pipe holds has been read: it could not have been written otherwise.
        #expect(count.withLock { $0 } > bytes.count - (128 << 10))
    }
}
