import FDLCompression
import FDLCore
import FDLCrypto
import NIOCore
import NIOHTTP1
import Testing

@testable import FDLServer

@Suite("Compressed chunks")
struct CompressedChunksTests {
    private func key(_ number: Int) -> CompressedChunks.Key {
        CompressedChunks.Key(digest: SHA256Digest(hashing: [UInt8]("\(number)".utf8)), encoding: .gzip)
    }

    private func entry(_ bytes: Int) -> CompressedChunks.Entry {
        let digest = SHA256Digest(hashing: [])
        return .compressed(CompressedChunk(bytes: ByteBuffer(repeating: 0, count: bytes), digest: digest))
    }

    @Test func `what is asked for stays, what is not goes, and the bytes are bounded`() {
        let chunks = CompressedChunks(capacity: 10_000)
        for number in 0..<100 {
            chunks.insert(entry(1000), for: key(number))
            #expect(chunks.entry(for: key(number)) != nil)
            #expect(chunks.entry(for: key(0)) != nil)
        }
        let kept = (0..<100).count { chunks.entry(for: key($0)) != nil }
        #expect(kept * 1000 <= 10_000)
        #expect(kept >= 2)
    }

    @Test func `an entry that is too large is not kept, nor any without capacity`() {
        let chunks = CompressedChunks(capacity: 10_000)
        chunks.insert(entry(6000), for: key(1))
        #expect(chunks.entry(for: key(1)) == nil)
        let none = CompressedChunks(capacity: 0)
        none.insert(.doesNotShrink, for: key(1))
        #expect(none.entry(for: key(1)) == nil)
    }

    @Test func `with less room what was asked for last stays, if it fits`() {
        let chunks = CompressedChunks(capacity: 10_000)
        for number in 0..<6 { chunks.insert(entry(1000), for: key(number)) }
        chunks.resize(to: 8000)
        func kept(_ numbers: Range<Int>) -> [Int] { numbers.filter { chunks.entry(for: key($0)) != nil } }
        #expect(kept(0..<6) == [3, 4, 5])
        chunks.resize(to: 40_000)
        for number in 6..<12 { chunks.insert(entry(1000), for: key(number)) }
        #expect(kept(3..<12) == Array(3..<12))
        chunks.resize(to: 0)
        #expect(kept(0..<12).isEmpty)
        chunks.insert(entry(1000), for: key(1))
        #expect(chunks.entry(for: key(1)) == nil)
    }

    @Test(arguments: ContentEncoding.allCases)
    func `a compressed chunk inflates to itself and bears the digest of what is sent`(encoding: ContentEncoding) throws
    {
        let root = try TemporaryRoot()
        let bytes = (0..<50_000).flatMap { "line \($0)\n".utf8 }
        try root.write("a", bytes)
        let file = try #require(try ServedRoot(root.path).open("a"))
        let slice = FileSlice(file: file, offset: 1000, length: 200_000)
        let chunk = CompressibleChunk(digest: SHA256Digest(hashing: []), slice: slice, encoding: encoding)
        guard case .compressed(let compressed) = try ChunkCompression.compress(chunk) else {
            Issue.record("did not shrink")
            return
        }
        var inflated: [UInt8] = []
        let inflater = try ChunkInflater(encoding: encoding, limit: 200_000)
        try compressed.bytes.withUnsafeReadableBytes { try inflater.feed($0) { inflated += $0 } }
        try inflater.finish()
        #expect(inflated == Array(bytes[1000..<201_000]))
        #expect(compressed.digest == SHA256Digest(hashing: Array(compressed.bytes.readableBytesView)))
        let headers = ChunkHeaders.answer(chunk, compressed, wait: nil).headers
        #expect(!headers.contains(name: "server-timing"))
        let waited = ChunkHeaders.answer(chunk, compressed, wait: .microseconds(25_400)).headers
        #expect(waited["server-timing"] == ["compress;dur=25"])
        #expect(headers.first(name: "content-encoding") == encoding.rawValue)
        #expect(headers.first(name: "repr-digest") == "sha-256=:\(Base64.encode(compressed.digest.bytes)):")
    }

    @Test func `noise is not compressed, nor a file that ends early`() throws {
        let root = try TemporaryRoot()
        try root.write("noise", root.noise(100_000))
        try root.write("short", [UInt8](repeating: 0, count: 100))
        let served = try ServedRoot(root.path)
        for (name, length) in [("noise", Int64(100_000)), ("short", 200)] {
            let slice = FileSlice(file: try #require(try served.open(name)), offset: 0, length: length)
            let chunk = CompressibleChunk(digest: SHA256Digest(hashing: []), slice: slice, encoding: .gzip)
            guard case .doesNotShrink = try ChunkCompression.compress(chunk) else {
                Issue.record("\(name) was compressed")
                continue
            }
        }
    }
}
