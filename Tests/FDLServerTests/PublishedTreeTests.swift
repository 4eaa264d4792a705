import FDLCompression
import FDLCore
import FDLCrypto
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import FDLServer

/// A root as `fdl-sign publish` leaves it, or a part of one.
@Suite("A published tree is served as it lies there")
struct PublishedTreeTests {
    private static let now = UTCTime(secondsSince1970: 4_000_000_000)
    private let root: TemporaryRoot
    private let manifest: Manifest
    private let chunks: [[UInt8]]

    init() throws {
        root = try TemporaryRoot()
        let bytes = root.noise(150_000)
        chunks = sampleChunks(bytes)
        manifest = try Manifest.sample("album", [("d/a", bytes), ("b", [1])])
        try root.write("manifests/album.json", manifest.encoded())
        try root.write("manifests/album.json.minisig", [1])
        try root.write("manifests/index.json", Array("{}".utf8))
        try root.write(".fdl/lock", [])
    }

    private func answer(_ uri: String, _ headers: HTTPHeaders = [:]) throws -> Answer {
        let responder = try root.responder()
        var headers = headers
        headers.replaceOrAdd(name: "Host", value: "a.example:8443")
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: uri, headers: headers)
        var hasLooked = false
        for _ in 0..<3 {
            switch responder.decide(head, now: Self.now, hasLooked: hasLooked) {
            case .answer(let answer), .compress(_, let answer): return answer
            case .inspect(let file): _ = try responder.root.keys.verdict(of: file, mayWait: true)
            case .lookAgain:
                _ = responder.watcher.look()
                hasLooked = true
            }
        }
        throw HarnessError("looks again and again")
    }

    private func body(_ answer: Answer) throws -> [UInt8] {
        switch answer.body {
        case .none: return []
        case .bytes(let buffer): return Array(buffer.readableBytesView)
        case .slice(let slice):
            var bytes = [UInt8](repeating: 0, count: Int(slice.length))
            _ = try bytes.withUnsafeMutableBytes { try slice.file.read(into: $0, at: slice.offset) }
            return bytes
        }
    }

    private func path(_ chunk: Int) -> String { TreePath.chunk(manifest.digests[chunk]).relative }

    @Test func `a fragment: chunks that are files, and no whole files`() throws {
        try root.write(path(1), chunks[1])
        #expect(try body(answer("/" + path(1))) == chunks[1])
        #expect(try answer("/" + path(0)).status == .notFound)
        #expect(try body(answer("/manifests/album.json")) == manifest.encoded())
        // A chunk that no manifest names is there all the same.
        let other = root.noise(9)
        let place = TreePath.chunk(SHA256Digest(hashing: other)).relative
        try root.write(place, other)
        #expect(try body(answer("/" + place)) == other)
        #expect(try answer("/.fdl/lock").status == .notFound)
    }

    @Test func `whole files, by the address that the index gives`() throws {
        try root.write("files/album/d/a", chunks.flatMap { $0 })
        try root.write("files/album/b", [1])
        let text = String(decoding: try body(answer("/manifests/index.json")), as: UTF8.self)
        #expect(text.contains("\"files\": \"files/album/\""), "\(text)")
        #expect(try body(answer("/files/album/d/a")) == chunks.flatMap { $0 })
        // From them, chunks too.
        #expect(try body(answer("/" + path(2))) == chunks[2])
    }

    @Test func `the compressed form that lies there, unless it is asked for anew or in part`() throws {
        try root.write(path(0), chunks[0])
        try root.write(path(0) + ".gz", [9, 9, 9])
        let compressed = try answer("/" + path(0), ["Accept-Encoding": "gzip"])
        #expect(try body(compressed) == [9, 9, 9])
        #expect(compressed.headers["content-encoding"] == ["gzip"])
        #expect(compressed.headers["repr-digest"] == [])
        let tag = try #require(compressed.headers.first(name: "etag"))
        #expect(try answer("/" + path(0), ["Accept-Encoding": "gzip", "If-None-Match": tag]).status == .notModified)
        #expect(try body(answer("/" + path(0))) == chunks[0])
        for (name, value) in [
            ("Cache-Control", "no-cache"), ("Range", "bytes=0-65535"), ("Accept-Encoding", "deflate"),
        ] {
            var headers: HTTPHeaders = ["Accept-Encoding": "gzip"]
            headers.replaceOrAdd(name: name, value: value)
            #expect(try body(answer("/" + path(0), headers)) == chunks[0])
        }
    }

    @Test func `exports: Metalink with its own address first, checksums if the manifest has them`() throws {
        let metalink = try answer("/manifests/album.meta4")
        #expect(metalink.headers["content-type"] == ["application/metalink4+xml"])
        let text = String(decoding: try body(metalink), as: UTF8.self)
        #expect(text.contains("<url priority=\"1\">https://a.example:8443/files/"), "\(text)")
        #expect(text.contains("<file name=\"album/d/a\">"))
        #expect(try answer("/manifests/album.sha256").status == .notFound)
        #expect(try answer("/manifests/other.meta4").status == .notFound)
        let small = try Manifest.sample("small", [("x", [1, 2])])
        try root.write("x.manifest.json", small.encoded())
        let sums = try body(answer("/manifests/small.sha256"))
        #expect(String(decoding: sums, as: UTF8.self) == "\(SHA256Digest(hashing: [1, 2]))  x\n")
    }
}
