import TestSupport
import Testing

@testable import FDLClient

@Suite("What waits to be written")
struct WriteBacklogTests {
    private let pool = ChunkBufferPool(chunkSize: 2 << 20, memoryLimit: 2 << 20, isForDisk: false)

    private func chunks(_ indices: [Int], bytes: Int = 64 << 10) -> [VerifiedChunk] {
        indices.map { index in
            let buffer = pool.buffer(length: bytes)
            [UInt8](repeating: 0, count: bytes).withUnsafeBytes { buffer.append($0) }
            return VerifiedChunk(index: index, buffer: buffer)
        }
    }

    @Test func `one thread begins at once, another when much waits`() {
        var backlog = WriteBacklog(limit: 2)
        #expect(backlog.add(chunks([0])))
        #expect(!backlog.add(chunks([1])))
        #expect(!backlog.add(chunks([2])))
        #expect(backlog.add(chunks([3])))
        // No more than two, however much waits.
        #expect(!backlog.add(chunks(Array(4..<40))))
    }

    @Test func `what has waited longest is taken first, in the output's order`() {
        var backlog = WriteBacklog(limit: 1)
        _ = backlog.add(chunks([7, 5]))
        _ = backlog.add(chunks([6]))
        #expect(backlog.take()?.map(\.index) == [5, 6, 7])
        _ = backlog.add(chunks([20]))
        _ = backlog.add(chunks(Array((0..<17).reversed())))
        #expect(backlog.take()?.map(\.index) == Array(2..<17) + [20])
        #expect(backlog.take()?.map(\.index) == [0, 1])
    }

    @Test func `a chunk larger than a batch is one`() {
        var backlog = WriteBacklog(limit: 1)
        _ = backlog.add(chunks([1, 0], bytes: WriteBacklog.mostAtOnce + 1))
        #expect(backlog.take()?.map(\.index) == [1])
        #expect(backlog.take()?.map(\.index) == [0])
        #expect(backlog.take() == nil)
    }

    @Test func `a thread that finds nothing has ended, and the next chunk begins another`() {
        var backlog = WriteBacklog(limit: 1)
        #expect(backlog.add(chunks([0])))
        #expect(backlog.take()?.count == 1)
        #expect(!backlog.add(chunks([1])))
        #expect(backlog.take()?.count == 1)
        #expect(backlog.take() == nil)
        #expect(backlog.writers == 0)
        #expect(!backlog.add([]))
        #expect(backlog.add(chunks([2])))
    }

    @Test func `nothing is lost, and memory does not grow`() {
        var generator = SeededGenerator(seed: 3)
        var backlog = WriteBacklog(limit: 4)
        var (given, taken) = (0, [Int]())
        while given < 2000 {
            let count = Int.random(in: 0...5, using: &generator)
            _ = backlog.add(chunks(Array(given..<(given + count)), bytes: 1 << 14))
            given += count
            if backlog.writers > 0, Bool.random(using: &generator) { taken += backlog.take()?.map(\.index) ?? [] }
        }
        while let rest = backlog.take() { taken += rest.map(\.index) }
        #expect(taken.sorted() == Array(0..<given))
    }
}
