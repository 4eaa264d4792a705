import FDLCompression
import Testing

@Suite("Inflating a chunk as it arrives")
struct ChunkInflaterTests {
    @Test(arguments: ContentEncoding.allCases, [1, 7, 4096, .max])
    func `gives back what was compressed, however it is cut`(encoding: ContentEncoding, slice: Int) throws {
        let text = Samples.text(bytes: 300_000)
        let packed = try #require(try Samples.compressed(text, as: encoding))
        #expect(try Samples.inflate(packed, as: encoding, limit: text.count, slice: slice) == text)
    }

    @Test func `takes what the gzip program writes`() async throws {
        let text = Samples.text(bytes: 200_000)
        let packed = try await Samples.run("gzip", ["-9", "-c"], input: text)
        #expect(try Samples.inflate(packed, as: .gzip, limit: text.count) == text)
    }

    @Test(arguments: [1, 2, .max])
    func `takes deflate without its zlib wrapper`(slice: Int) throws {
        let text = Samples.text(bytes: 100_000)
        let wrapped = try #require(try Samples.compressed(text, as: .deflate))
        let bare = Array(wrapped.dropFirst(2).dropLast(4))
        #expect(try Samples.inflate(bare, as: .deflate, limit: text.count, slice: slice) == text)
    }

    @Test(arguments: ContentEncoding.allCases)
    func `cuts a bomb at the limit`(encoding: ContentEncoding) throws {
        let bomb = try #require(try Samples.compressed([UInt8](repeating: 0, count: 64 << 20), as: encoding))
        #expect(bomb.count < 100_000)
        let inflater = try ChunkInflater(encoding: encoding, limit: 1 << 20)
        var seen = 0
        #expect(throws: CompressionError.tooLong(limit: 1 << 20)) {
            try bomb.withUnsafeBytes { try inflater.feed($0) { seen += $0.count } }
        }
        #expect(seen <= 1 << 20)
        #expect(throws: CompressionError.tooLong(limit: 1 << 20)) { try inflater.finish() }
    }

    @Test func `refuses one byte more than the limit and takes exactly the limit`() throws {
        let text = Samples.text(bytes: 65_536)
        let packed = try #require(try Samples.compressed(text, as: .gzip))
        #expect(try Samples.inflate(packed, as: .gzip, limit: 65_536).count == 65_536)
        #expect(throws: CompressionError.tooLong(limit: 65_535)) {
            try Samples.inflate(packed, as: .gzip, limit: 65_535)
        }
    }

    @Test func `cuts a stream that goes on and yields nothing`() throws {
        // Stored blocks of no bytes (RFC 1951 section 3.2.4), for ever.
        let header: [UInt8] = [0x78, 0x9c]
        let empty: [UInt8] = [0x00, 0x00, 0x00, 0xff, 0xff]
        let endless = header + [[UInt8]](repeating: empty, count: 100_000).flatMap { $0 }
        #expect(throws: CompressionError.tooLong(limit: 1000)) {
            try Samples.inflate(endless, as: .deflate, limit: 1000, slice: 500)
        }
    }

    @Test(arguments: ContentEncoding.allCases)
    func `refuses every cut of a stream`(encoding: ContentEncoding) throws {
        let text = Samples.text(bytes: 3000)
        let packed = try #require(try Samples.compressed(text, as: encoding))
        for length in 0..<packed.count {
            #expect(throws: CompressionError.truncated) {
                try Samples.inflate(Array(packed[..<length]), as: encoding, limit: text.count)
            }
        }
    }

    @Test(arguments: [1, .max])
    func `refuses a second member and any other trailing byte`(slice: Int) throws {
        let text = Samples.text(bytes: 3000)
        let packed = try #require(try Samples.compressed(text, as: .gzip))
        for tail in [packed, [0]] {
            #expect(throws: CompressionError.trailingBytes) {
                try Samples.inflate(packed + tail, as: .gzip, limit: 10_000, slice: slice)
            }
        }
    }

    @Test(arguments: ContentEncoding.allCases)
    func `never yields other bytes for a flipped bit and never passes the limit`(encoding: ContentEncoding) throws {
        let text = Samples.text(bytes: 2000)
        let packed = try #require(try Samples.compressed(text, as: encoding))
        var refused = 0
        for bit in 0..<(packed.count * 8) {
            var damaged = packed
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            do {
                // The bits of gzip's header that say nothing about the data may change unseen.
                #expect(try Samples.inflate(damaged, as: encoding, limit: text.count) == text)
            } catch {
                refused += 1
            }
        }
        #expect(refused > packed.count * 7)
    }

    @Test func `serves chunk after chunk`() throws {
        let inflater = try ChunkInflater(encoding: .gzip, limit: 1)
        for encoding in [ContentEncoding.deflate, .gzip, .deflate] {
            let text = Samples.text(bytes: 10_000)
            inflater.reset(encoding: encoding, limit: text.count)
            var out: [UInt8] = []
            let packed = try #require(try Samples.compressed(text, as: encoding))
            try packed.withUnsafeBytes { try inflater.feed($0) { out += $0 } }
            try inflater.finish()
            #expect(out == text)
            #expect(inflater.producedBytes == text.count)
        }
    }
}
