import FDLCompression
import TestSupport
import Testing

@Suite("Compressing a chunk")
struct ChunkDeflaterTests {
    @Test func `the gzip program reads what it writes`() async throws {
        let text = Samples.text(bytes: 500_000)
        let packed = try #require(try Samples.compressed(text, as: .gzip))
        #expect(packed.count < text.count / 2)
        #expect(try await Samples.run("gzip", ["-dc"], input: packed) == text)
    }

    @Test(arguments: [0, 1, 10, 1000, 65_536, 65_537, 1 << 20])
    func `gives up on what does not shrink`(count: Int) throws {
        #expect(try Samples.compressed(noise(count), as: .gzip) == nil)
    }

    @Test func `gives up after the sample where that does not shrink`() throws {
        let mixed = noise(ChunkDeflater.sampleBytes) + [UInt8](repeating: 0, count: 1 << 20)
        #expect(try Samples.compressed(mixed, as: .deflate) == nil)
    }

    @Test func `never writes past the output it is given`() throws {
        let text = Samples.text(bytes: 100_000)
        let packed = try #require(try Samples.compressed(text, as: .gzip))
        let deflater = ChunkDeflater()
        for room in [0, 1, packed.count - 1, packed.count, packed.count + 1] {
            var output = [UInt8](repeating: 0xa5, count: room + 64)
            let written = try output.withUnsafeMutableBytes { bytes in
                try text.withUnsafeBytes {
                    try deflater.compress($0, as: .gzip, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<room]))
                }
            }
            #expect(written == (room < packed.count ? nil : packed.count))
            #expect(output[room...].allSatisfy { $0 == 0xa5 })
        }
    }

    @Test func `the same chunk gives the same bytes from a used deflater`() throws {
        let deflater = ChunkDeflater()
        let text = Samples.text(bytes: 100_000)
        let first = try text.withUnsafeBytes { try deflater.compress($0, as: .gzip) }
        _ = try noise(100_000).withUnsafeBytes { try deflater.compress($0, as: .gzip) }
        #expect(try text.withUnsafeBytes { try deflater.compress($0, as: .gzip) } == first)
    }
}
