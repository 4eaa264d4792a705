import FDLCompression
import FDLCore
import TestSupport
import Testing

@testable import FDLClient

@Suite struct ChunkAssemblerTests {
    /// Feeds `body` in pieces of `step` bytes; the chunks that came out, or the error.
    private func assemble(
        _ body: [UInt8],
        _ chunks: [ExpectedChunk],
        step: Int,
        inflater: ChunkInflater? = nil
    ) -> (verified: [Int: [UInt8]], error: SourceError?) {
        let buffers = ChunkBufferPool(chunkSize: 65536, memoryLimit: 1 << 20, isForDisk: false)
        var verifier = ChunkVerifier(chunks: chunks, inflater: inflater, buffers: buffers)
        var verified: [Int: [UInt8]] = [:]
        do throws(SourceError) {
            for start in stride(from: 0, to: body.count, by: step) {
                let piece = body[start..<min(start + step, body.count)]
                try piece.span.withUnsafeBytes { piece throws(SourceError) in
                    try verifier.append(piece) { chunk, buffer in
                        verified[chunk.index] = buffer.withBytes { Array($0) }
                    }
                }
            }
            try verifier.finish()
            return (verified, nil)
        } catch {
            return (verified, error)
        }
    }

    @Test(arguments: [1, 7, 65535, 65536, 65537, 300_000])
    func splitsARunAtTheChunksWhateverThePieces(step: Int) throws {
        let bytes = noise(3 * 65536 + 5, seed: 1)
        let manifest = try Manifest.sample([("a", bytes)])
        let result = assemble(bytes, expected(manifest, 0..<4), step: step)
        #expect(result.error == nil)
        #expect(result.verified.keys.sorted() == [0, 1, 2, 3])
        #expect((0..<4).flatMap { result.verified[$0] ?? [] } == bytes)
    }

    @Test func letsNothingWrongOut() throws {
        var bytes = noise(2 * 65536, seed: 2)
        let manifest = try Manifest.sample([("a", bytes)])
        bytes[65536 + 100] ^= 1
        let result = assemble(bytes, expected(manifest, 0..<2), step: 1000)
        #expect(result.error == .corrupt)
        #expect(result.verified.keys.sorted() == [0])
    }

    @Test func refusesBodiesOfTheWrongLength() throws {
        let bytes = noise(65536, seed: 3)
        let chunks = expected(try Manifest.sample([("a", bytes)]), 0..<1)
        #expect(
            assemble(bytes + [0], chunks, step: 4096).error == .protocolViolation("the body is longer than the chunk")
        )
        #expect(
            assemble(Array(bytes.dropLast()), chunks, step: 4096).error
                == .protocolViolation("the body is shorter than the chunk")
        )
    }

    @Test func aWholeChunkInABrokenEncodingIsNotLetOut() throws {
        let bytes = noise(65536, seed: 4)
        let packed = try #require(
            try [UInt8](repeating: 7, count: 65536).withUnsafeBytes { try ChunkDeflater().compress($0, as: .gzip) }
        )
        let chunks = expected(try Manifest.sample([("a", [UInt8](repeating: 7, count: 65536))]), 0..<1)
        for rest in [packed, [0], Array(bytes.prefix(100))] {
            let result = assemble(
                packed + rest,
                chunks,
                step: .max / 2,
                inflater: try ChunkInflater(encoding: .gzip, limit: 65536)
            )
            #expect(result.verified.isEmpty)
            guard case .undecodable = result.error else {
                return #expect(Bool(false), "\(String(describing: result.error))")
            }
        }
    }

    @Test func decodesWithinTheChunksLength() throws {
        let bytes = [UInt8](repeating: 7, count: 65536)
        let chunks = expected(try Manifest.sample([("a", bytes)]), 0..<1)
        let packed = try #require(
            try bytes.withUnsafeBytes { try ChunkDeflater().compress($0, as: .gzip) }
        )
        let whole = assemble(packed, chunks, step: 10, inflater: try ChunkInflater(encoding: .gzip, limit: 65536))
        #expect(whole.error == nil)
        #expect(whole.verified[0] == bytes)
        let cut = assemble(
            Array(packed.dropLast(3)),
            chunks,
            step: 10,
            inflater: try ChunkInflater(encoding: .gzip, limit: 65536)
        )
        guard case .undecodable = cut.error else { return #expect(Bool(false), "\(String(describing: cut.error))") }
        let bomb = [UInt8](repeating: 7, count: 10 << 20)
        let packedBomb = try #require(
            try bomb.withUnsafeBytes { try ChunkDeflater().compress($0, as: .gzip) }
        )
        let burst = assemble(
            packedBomb,
            chunks,
            step: 1000,
            inflater: try ChunkInflater(encoding: .gzip, limit: 65536)
        )
        guard case .undecodable = burst.error else { return #expect(Bool(false), "\(String(describing: burst.error))") }
    }
}
