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
        let begins = [[0], [1], [2], [3], Array(4..<40)].map { backlog.add(chunks($0)) }
        // 256 KiB wait with the fourth. No more than two threads, however much waits.
        #expect(begins == [true, false, false, true, false])
    }

    @Test func `what has waited longest is taken first, in the output's order`() {
        var backlog = WriteBacklog(limit: 1)
        _ = backlog.add(chunks([7, 5]))
        _ = backlog.add(chunks([6]))
        let first = backlog.take()
        #expect(first?.map(\.index) == [5, 6, 7])
        _ = backlog.add(chunks([20]))
        _ = backlog.add(chunks(Array((0..<17).reversed())))
        let (second, third) = (backlog.take(), backlog.take())
        #expect(second?.map(\.index) == Array(2..<17) + [20])
        #expect(third?.map(\.index) == [0, 1])
    }

    @Test func `many tiny chunks are taken in parts`() {
        var backlog = WriteBacklog(limit: 1)
        _ = backlog.add(chunks(Array(0..<100), bytes: 59))
        let (first, second) = (backlog.take(), backlog.take())
        #expect(first?.count == WriteBacklog.mostChunksAtOnce)
        #expect(second?.count == 100 - WriteBacklog.mostChunksAtOnce)
    }

    @Test func `a chunk larger than a batch is one`() {
        var backlog = WriteBacklog(limit: 1)
        _ = backlog.add(chunks([1, 0], bytes: WriteBacklog.mostAtOnce + 1))
        let taken = (0..<3).map { _ in backlog.take()?.map(\.index) }
        #expect(taken == [[1], [0], nil])
    }

    @Test func `a thread that finds nothing has ended, and the next chunk begins another`() {
        var backlog = WriteBacklog(limit: 1)
        let begins = backlog.add(chunks([0]))
        let counts = [backlog.take()?.count, backlog.take()?.count]
        #expect(begins)
        #expect(counts == [1, nil])
        #expect(backlog.writers == 0)
        let later = [backlog.add([]), backlog.add(chunks([1])), backlog.add(chunks([2]))]
        #expect(later == [false, true, false])
    }

    @Test func `nothing is lost`() {
        var generator = SeededGenerator(seed: 3)
        var backlog = WriteBacklog(limit: 4)
        var (given, taken) = (0, [Int]())
        while given < 2000 {
            let count = Int.random(in: 0...5, using: &generator)
            _ = backlog.add(chunks(Array(given..<(given + count)), bytes: 1 << 14))
            given += count
            if backlog.writers > 0, Bool.random(using: &generator) { taken += backlog.take()?.map(\.index) ?? [] }
        }
        while backlog.writers > 0 { taken += backlog.take()?.map(\.index) ?? [] }
        #expect(taken.sorted() == Array(0..<given))
    }
}
