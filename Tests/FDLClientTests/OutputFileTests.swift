import FDLSystem
import Glibc
import TestSupport
import Testing

@testable import FDLClient

@Suite struct ChunkBufferTests {
    @Test(arguments: [false, true]) func memoryOfWholeChunksIsUsedAgainAndStartsOnAPage(isForDisk: Bool) {
        let pool = ChunkBufferPool(chunkSize: 65536, memoryLimit: 1 << 20, isForDisk: isForDisk)
        func address(_ length: Int) -> UInt {
            let buffer = pool.buffer(length: length)
            #expect(buffer.count == 0)
            [UInt8](repeating: 1, count: length + 5).withUnsafeBytes { buffer.append($0) }
            #expect(buffer.count == length)
            return buffer.withBytes { UInt(bitPattern: $0.baseAddress) }
        }
        let first = address(65536)
        #expect(first % UInt(Descriptor.blockSize) == 0)
        #expect(address(65536) == first)
        #expect(address(4096) % UInt(Descriptor.blockSize) == 0)
        #expect(address(65536) == first)
    }

    @Test func whatIsGivenBackIsUsedAgainThoughSomebodyStillHasTheBuffer() {
        let pool = ChunkBufferPool(chunkSize: 4096, memoryLimit: 4096, isForDisk: true)
        func address(_ buffer: ChunkBuffer) -> UInt { buffer.withBytes { UInt(bitPattern: $0.baseAddress) } }
        let bytes = [UInt8](repeating: 1, count: 4096)
        let first = pool.buffer(length: 4096)
        bytes.withUnsafeBytes { first.append($0) }
        let place = address(first)
        first.giveBack()
        first.giveBack()
        #expect(first.withBytes { $0.isEmpty })
        bytes.withUnsafeBytes { first.append($0) }
        #expect(first.count == 0)
        let second = pool.buffer(length: 4096)
        bytes.withUnsafeBytes { second.append($0) }
        #expect(address(second) == place)
        let third = pool.buffer(length: 4096)
        bytes.withUnsafeBytes { third.append($0) }
        #expect(address(third) != place)
    }

    /// More than the pool keeps, too.
    @Test(arguments: [false, true]) func thoseThatAreInUseShareNothing(isForDisk: Bool) {
        let pool = ChunkBufferPool(chunkSize: 4096, memoryLimit: 3 * 4096, isForDisk: isForDisk)
        for _ in 0..<2 {
            let buffers = (0..<5).map { _ in pool.buffer(length: 4096) }
            for (number, buffer) in buffers.enumerated() {
                [UInt8](repeating: UInt8(number), count: 4096).withUnsafeBytes { buffer.append($0) }
            }
            for (number, buffer) in buffers.enumerated() {
                #expect(buffer.withBytes { Array($0) } == [UInt8](repeating: UInt8(number), count: 4096))
            }
        }
    }

    @Test(arguments: [false, true]) func piecesOfAnyLengthAreGathered(isForDisk: Bool) {
        let pool = ChunkBufferPool(chunkSize: 65536, memoryLimit: 1 << 20, isForDisk: isForDisk)
        let buffer = pool.buffer(length: 65536)
        let bytes = noise(65536, seed: 7)
        var rest = bytes[...]
        var length = 1
        while !rest.isEmpty {
            // From addresses that lie on no line of the cache, and to such.
            Array(rest.prefix(length)).withUnsafeBytes { buffer.append($0) }
            rest = rest.dropFirst(length)
            length = length * 3 % 1009 + 1
        }
        #expect(buffer.withBytes { Array($0) } == bytes)
    }
}

@Suite struct OutputFileTests {
    /// What a file holds after `bytes`, which begin `shift` bytes behind a page, were written at `offset`, and how many
    /// of them went past the page cache.
    private func written(
        _ bytes: [UInt8],
        shift: Int,
        at offset: Int,
        size: Int64
    ) throws -> (found: [UInt8], direct: Int) {
        let temporary = try TemporaryFolder()
        let path = "\(temporary.path)/out"
        let holder = SharedDescriptor(try Descriptor(opening: path, flags: O_RDWR | O_CREAT, mode: 0o600))
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: shift + bytes.count, alignment: 4096)
        defer { memory.deallocate() }
        let source = UnsafeMutableRawBufferPointer(rebasing: memory[shift...])
        source.copyBytes(from: bytes)
        let file = OutputFile(holder, size: size, usesPageCache: false)
        let direct = try file.write(UnsafeRawBufferPointer(source), at: Int64(offset))
        return (try temporary.read("out"), direct)
    }

    @Test(arguments: [0, 1, 512], [1, 4095, 4096, 65_536, 70_001])
    func everyByteLandsInItsPlace(shift: Int, length: Int) throws {
        let bytes = noise(length, seed: UInt64(length))
        for (offset, size) in [(0, OutputFile.directSize), (12_288, OutputFile.directSize), (5, .max), (4096, 0)] {
            let (found, direct) = try written(bytes, shift: shift, at: offset, size: size)
            #expect(found == [UInt8](repeating: 0, count: offset) + bytes)
            let isOnBlocks = shift == 0 && offset % 4096 == 0 && size >= OutputFile.directSize
            #expect(direct == (isOnBlocks ? length / 4096 * 4096 : 0))
        }
    }

    @Test func whereDirectWritesAreRefusedTheRestGoesThroughThePageCache() throws {
        let temporary = try TemporaryFolder()
        let path = "\(temporary.path)/out"
        let holder = SharedDescriptor(try Descriptor(opening: path, flags: O_RDWR | O_CREAT, mode: 0o600))
        // The kernel takes numbers there, and answers anything else with EINVAL.
        let refusing = try Descriptor(opening: "/proc/self/oom_score_adj", flags: O_WRONLY)
        let file = OutputFile(holder, direct: consume refusing)
        let pool = ChunkBufferPool(chunkSize: 8192, memoryLimit: 1 << 20, isForDisk: true)
        for chunk in 0..<3 {
            let buffer = pool.buffer(length: 8192)
            [UInt8](repeating: UInt8(chunk + 65), count: 8192).withUnsafeBytes { buffer.append($0) }
            let direct = try buffer.withBytes { bytes throws(SystemError) in
                try file.write(bytes, at: Int64(chunk) * 8192)
            }
            #expect(direct == 0)
        }
        #expect(try temporary.read("out") == (0..<3).flatMap { [UInt8](repeating: UInt8($0 + 65), count: 8192) })
    }
}
