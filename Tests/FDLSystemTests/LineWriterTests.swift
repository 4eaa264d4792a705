import FDLCore
import Glibc
import TestSupport
import Testing

@testable import FDLSystem

@Suite("Lines that nobody waits for")
struct LineWriterTests {
    @Test func `beyond the bound lines are dropped and counted, until all that waited is taken`() {
        var backlog = LineBacklog(capacity: 10)
        let taken = ["1234", "abcd", "x", ""].map { backlog.add($0) }
        #expect(taken == [true, true, false, false])
        #expect(backlog.dropped == 2)
        let (bytes, dropped) = backlog.take()
        #expect(String(decoding: bytes, as: UTF8.self) == "1234\nabcd\n")
        #expect(dropped == 2)
        #expect(backlog.isEmpty)
        let isTaken = backlog.add("x")
        #expect(isTaken)
    }

    @Test func `a pipe that nobody reads holds up no one, and what is missing is said`() async throws {
        var pair: [Int32] = [-1, -1]
        try #require(pipe(&pair) == 0)
        defer { close(pair[0]) }
        let writer = LineWriter(pair[1], capacity: 10_000) { "\($0) missing" }
        let line = String(repeating: "x", count: 99)
        for _ in 0..<2000 { writer.write(line) }
        writer.flush(within: .milliseconds(10))
        let flags = fcntl(pair[0], F_GETFL)
        _ = fcntl(pair[0], F_SETFL, flags | O_NONBLOCK)
        var text = ""
        var block = [UInt8](repeating: 0, count: 1 << 16)
        // Where the writer gets on now and then, lines are missing at several places, and each is told.
        let (written, missing) = try await eventually("it says what is missing") { () -> (Int, Int)? in
            let count = read(pair[0], &block, block.count)
            if count > 0 { text += String(decoding: block[..<count], as: UTF8.self) }
            guard text.hasSuffix("\n") else { return nil }
            let lines = text.split(separator: "\n")
            let notices = lines.filter { $0.hasSuffix(" missing") }
            let missing = notices.compactMap { Int($0.dropLast(" missing".count)) }.reduce(0, +)
            let written = lines.count - notices.count
            return written + missing >= 2000 ? (written, missing) : nil
        }
        #expect(written + missing == 2000)
        #expect(missing > 0)
        writer.write("after")
        writer.flush(within: .seconds(60))
        let count = read(pair[0], &block, block.count)
        #expect(String(decoding: block[..<max(0, count)], as: UTF8.self) == "after\n")
        close(pair[1])
    }

    @Test func `a file that was renamed is made again when it is opened again`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/log"
        let writer = try LineWriter(appendingTo: path)
        writer.write("one")
        writer.flush(within: .seconds(60))
        #expect(rename(path, path + ".1") == 0)
        writer.write("two")
        writer.flush(within: .seconds(60))
        try writer.reopen()
        writer.write("three")
        writer.flush(within: .seconds(60))
        #expect(try Files.read(path + ".1") == Array("one\ntwo\n".utf8))
        #expect(try Files.read(path) == Array("three\n".utf8))
        #expect(throws: SystemError.self) { try LineWriter(appendingTo: folder.path + "/none/log") }
    }
}
