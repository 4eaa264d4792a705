import Testing

@testable import FDLSystem

@Suite struct DiskMemoryTests {
    @Test(arguments: [1, 4096, (2 << 20) + 1], [false, true])
    func startsOnAPageAndCanBeWrittenTo(byteCount: Int, inHugePages: Bool) {
        let memory = DiskMemory(byteCount: byteCount, inHugePages: inHugePages)
        #expect(memory.bytes.count == byteCount)
        #expect(UInt(bitPattern: memory.bytes.baseAddress) % (inHugePages ? 2 << 20 : 4096) == 0)
        memory.bytes[byteCount - 1] = 9
        #expect(memory.bytes[byteCount - 1] == 9)
    }

    /// All that counts: where the copy begins and ends on a line of the cache of 64 bytes, and where its source lies.
    @Test func copiesEveryByteAndNoMore() {
        let memory = DiskMemory(byteCount: 512, inHugePages: false)
        let source = (0..<512).map { UInt8(truncatingIfNeeded: $0 + 1) }
        for offset in 0..<65 {
            for length in [0, 1, 63, 64, 65, 127, 128, 129, 300] {
                memory.bytes.initializeMemory(as: UInt8.self, repeating: 0)
                let target = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[offset...])
                source.withUnsafeBytes { bytes in
                    target.copyPastCache(
                        from: UnsafeRawBufferPointer(rebasing: bytes[(64 - offset / 2)...].prefix(length))
                    )
                }
                let expected =
                    [UInt8](repeating: 0, count: offset) + source[(64 - offset / 2)...].prefix(length)
                    + [UInt8](repeating: 0, count: 512 - offset - length)
                #expect(Array(memory.bytes) == expected, "offset \(offset), length \(length)")
            }
        }
    }
}
