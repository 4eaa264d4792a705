import FDLCompression
import FDLCore
import FDLCrypto
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import FDLServer

@Suite("Answers")
struct ResponderTests {
    static let now = UTCTime(secondsSince1970: 4_000_000_000)

    private func decide(
        _ responder: Responder,
        _ uri: String,
        method: HTTPMethod = .GET,
        _ headers: HTTPHeaders = [:]
    ) -> Decision {
        var headers = headers
        headers.replaceOrAdd(name: "Host", value: "a.example")
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers)
        let decision = responder.decide(head, now: Self.now)
        switch decision {
        case .lookAgain, .inspect: return responder.decide(head, now: Self.now, hasLooked: true)
        case .answer, .compress: return decision
        }
    }

    private func looksAgain(_ responder: Responder, _ uri: String) -> Bool {
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: uri, headers: ["Host": "a.example"])
        guard case .lookAgain = responder.decide(head, now: Self.now) else { return false }
        return true
    }

    private func answer(
        _ responder: Responder,
        _ uri: String,
        method: HTTPMethod = .GET,
        _ headers: HTTPHeaders = [:]
    ) throws -> Answer {
        guard case .answer(let answer) = decide(responder, uri, method: method, headers) else {
            Issue.record("compresses \(uri)")
            throw CancellationError()
        }
        return answer
    }

    private func body(_ answer: Answer) throws -> [UInt8] {
        switch answer.body {
        case .none: return []
        case .bytes(let buffer): return Array(buffer.readableBytesView)
        case .slice(let slice):
            var bytes = [UInt8](repeating: 0, count: Int(slice.length))
            let count = try bytes.withUnsafeMutableBytes { try slice.file.read(into: $0, at: slice.offset) }
            #expect(count == bytes.count)
            return bytes
        }
    }

    private func path(_ chunk: [UInt8]) -> String {
        let hex = SHA256Digest(hashing: chunk).hex
        return "/chunks/\(hex.prefix(2))/\(hex)"
    }

    @Test func `a file, whole and in parts`() throws {
        let root = try TemporaryRoot()
        let bytes = root.noise(1000)
        try root.write("sub/a b", bytes)
        let responder = try root.responder()
        let whole = try answer(responder, "/files/sub/a%20b")
        #expect(whole.status == .ok)
        #expect(whole.headers.first(name: "content-length") == "1000")
        #expect(whole.headers.first(name: "accept-ranges") == "bytes")
        #expect(try body(whole) == bytes)

        let part = try answer(responder, "/files/sub/a%20b", ["Range": "bytes=10-19"])
        #expect(part.status == .partialContent)
        #expect(part.headers.first(name: "content-range") == "bytes 10-19/1000")
        #expect(try body(part) == Array(bytes[10..<20]))

        let beyond = try answer(responder, "/files/sub/a%20b", ["Range": "bytes=1000-"])
        #expect(beyond.status == .rangeNotSatisfiable)
        #expect(beyond.headers.first(name: "content-range") == "bytes */1000")

        let tag = try #require(whole.headers.first(name: "etag"))
        let same = try answer(responder, "/files/sub/a%20b", ["If-None-Match": tag])
        #expect(same.status == .notModified)
        #expect(same.headers.first(name: "etag") == tag)
        #expect(try answer(responder, "/files/sub/a%20b", ["Range": "bytes=0-0", "If-Range": tag]).body.length == 1)
        #expect(try answer(responder, "/files/sub/a%20b", ["Range": "bytes=0-0", "If-Range": "\"x\""]).status == .ok)
        #expect(try answer(responder, "/files/sub/a%20b", method: .HEAD, ["Range": "bytes=0-0"]).status == .ok)
    }

    @Test func `nothing but regular files under the root that are not hidden`() throws {
        let root = try TemporaryRoot()
        for name in ["a", ".hidden", "server.key", "x.fdl-part", "dir/b"] { try root.write(name, [1]) }
        try root.link("link", to: "\(root.path)/a")
        try root.link("dirlink", to: "\(root.path)/dir")
        try root.link("outside", to: "/etc/passwd")
        let responder = try root.responder()
        #expect(try answer(responder, "/files/a").status == .ok)
        let refused = [".hidden", "server.key", "x.fdl-part", "dir", "link", "dirlink/b", "outside", "none", "a/b"]
        for path in refused {
            #expect(try answer(responder, "/files/\(path)").status == .notFound, "\(path)")
        }
    }

    @Test func `no private key, by its content, unless a signed manifest lists it`() throws {
        let root = try TemporaryRoot()
        let key = [UInt8]("# a key\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".utf8)
        for name in ["backup.pem", "album/listed.pem", "other/unsigned.pem"] { try root.write(name, key) }
        try root.write("album.manifest.json", Manifest.sample("album", [("listed.pem", key)]).encoded())
        try root.write("album.manifest.json.minisig", [1])
        let responder = try root.responder()
        #expect(try answer(responder, "/files/backup.pem").status == .notFound)
        #expect(try answer(responder, "/files/album/listed.pem").status == .ok)
        #expect(try answer(responder, path(key)).status == .ok)

        let unsigned = try TemporaryRoot()
        try unsigned.write("other/unsigned.pem", key)
        try unsigned.write("other.manifest.json", Manifest.sample("other", [("unsigned.pem", key)]).encoded())
        let second = try unsigned.responder()
        #expect(try answer(second, "/files/other/unsigned.pem").status == .notFound)
        #expect(try answer(second, path(key)).status == .notFound)
    }

    @Test func `only GET and HEAD`() throws {
        let responder = try TemporaryRoot().responder()
        for method in [HTTPMethod.POST, .PUT, .DELETE, .OPTIONS, .CONNECT, .TRACE] {
            let refusal = try answer(responder, "/healthz", method: method)
            #expect(refusal.status == .methodNotAllowed)
            #expect(refusal.headers.first(name: "allow") == "GET, HEAD")
        }
    }

    @Test func `a request has one Host`() throws {
        let responder = try TemporaryRoot().responder()
        func status(_ version: HTTPVersion, _ headers: HTTPHeaders) -> HTTPResponseStatus? {
            let head = HTTPRequestHead(version: version, method: .GET, uri: "/healthz", headers: headers)
            guard case .answer(let answer) = responder.decide(head, now: Self.now) else { return nil }
            return answer.status
        }
        #expect(status(.http1_1, [:]) == .badRequest)
        #expect(status(.http1_1, HTTPHeaders([("Host", "a"), ("Host", "b")])) == .badRequest)
        #expect(status(.http1_1, ["Host": "a"]) == .ok)
        #expect(status(.http1_0, [:]) == .ok)
    }

    @Test func `healthz turns when it drains`() throws {
        let responder = try TemporaryRoot().responder()
        #expect(try answer(responder, "/healthz").status == .ok)
        responder.startDraining()
        #expect(try answer(responder, "/healthz").status == .serviceUnavailable)
    }

    @Test func `the front page escapes what it shows`() throws {
        let root = try TemporaryRoot()
        let manifest = try Manifest.sample("x-1.0", [("a", [1])])
        try root.write("x.manifest.json", manifest.encoded())
        let page = String(decoding: try body(answer(root.responder(), "/")), as: UTF8.self)
        #expect(page.contains("/manifests/x-1.0.json"))
        #expect(FrontPage.site(host: "<script>") == "https://HOST")
    }

    @Test func `a manifest and its signature are sent as they are`() throws {
        let root = try TemporaryRoot()
        let manifest = try Manifest.sample("x", [("a", [1])])
        // Not as it would be encoded here.
        let text = [UInt8]("\n".utf8) + manifest.encoded() + [UInt8](" \n".utf8)
        try root.write("dir/a.manifest.json", text)
        try root.write("dir/a.manifest.json.minisig", [UInt8]("signature".utf8))
        let responder = try root.responder()
        for name in ["x.json", "a.manifest.json"] {
            #expect(try body(answer(responder, "/manifests/\(name)")) == text)
            #expect(try body(answer(responder, "/manifests/\(name).minisig")) == [UInt8]("signature".utf8))
        }
        #expect(try answer(responder, "/manifests/a.json").status == .notFound)
        #expect(try answer(responder, "/manifests/dir%2fa.manifest.json").status == .notFound)
    }

    @Test func `a chunk, with what lets it be kept for ever`() throws {
        let root = try TemporaryRoot()
        let bytes = root.noise(100_000)
        try root.write("a", bytes)
        try root.write("a.manifest.json", Manifest.sample("a", [("a", bytes)]).encoded())
        let responder = try root.responder()
        for chunk in sampleChunks(bytes) {
            let digest = SHA256Digest(hashing: chunk)
            let sent = try answer(responder, path(chunk))
            #expect(try body(sent) == chunk)
            #expect(sent.headers.first(name: "cache-control") == "public, max-age=31536000, immutable")
            #expect(sent.headers.first(name: "vary") == "Accept-Encoding")
            #expect(sent.headers.first(name: "etag") == "\"\(digest.hex)\"")
            #expect(sent.headers.first(name: "repr-digest") == "sha-256=:\(Base64.encode(digest.bytes)):")
            #expect(sent.headers.first(name: "last-modified") == nil)
            for tag in ["\"\(digest.hex)\"", "\"\(digest.hex)-gzip\""] {
                let headers: HTTPHeaders = ["If-None-Match": tag, "Accept-Encoding": "gzip"]
                #expect(try answer(responder, path(chunk), headers).status == .notModified)
            }
            guard case .compress(let job, _) = decide(responder, path(chunk), ["Accept-Encoding": "deflate"]) else {
                Issue.record("not compressed")
                continue
            }
            #expect(job.encoding == .deflate)
            // Never on ranges.
            let part = try answer(responder, path(chunk), ["Accept-Encoding": "gzip", "Range": "bytes=1-2"])
            #expect(part.status == .partialContent)
            #expect(try body(part) == Array(chunk[1...2]))
        }
        #expect(try answer(responder, path([1])).status == .notFound)
        #expect(try answer(responder, "/chunks/ab/ab").status == .notFound)
    }

    @Test func `the tree is looked at again for what the catalog lacks, and for the index, and for nothing else`()
        throws
    {
        let root = try TemporaryRoot()
        let (chunk, short) = (root.noise(1000), root.noise(1000))
        try root.write("a", chunk)
        try root.write("a.manifest.json", Manifest.sample("a", [("a", chunk)]).encoded())
        try root.write("b", Array(short.dropLast()))
        try root.write("b.manifest.json", Manifest.sample("b", [("b", short)]).encoded())
        let responder = try root.responder()
        for uri in [path([1]), "/manifests/c.json", "/manifests/c.json.minisig", "/manifests/index.json"] {
            #expect(looksAgain(responder, uri), "\(uri)")
        }
        for uri in [path(chunk), path(short), "/manifests/a.json", "/files/none", "/none", "/", "/healthz"] {
            #expect(!looksAgain(responder, uri), "\(uri)")
        }
    }

    @Test func `the index has the newest version of each name, and where its files lie`() throws {
        let root = try TemporaryRoot()
        try root.write("x y/a", [1])
        try root.write("x y.manifest.json", Manifest.sample("xy", version: 3, [("a", [1])]).encoded())
        try root.write("old.manifest.json", Manifest.sample("xy", version: 2, [("a", [1])]).encoded())
        try root.write("b", [2])
        try root.write("b.manifest.json", Manifest.sample("b", version: 7, [("b", [2])]).encoded())
        let index = try answer(root.responder(), "/manifests/index.json")
        #expect(index.headers.first(name: "cache-control") == "no-cache")
        #expect(index.headers.first(name: "content-type") == "application/json")
        let entries = try #require(ManifestIndex(parsing: body(index))).entries
        #expect(entries.map(\.name.string) == ["b", "xy"])
        #expect(entries.map(\.version) == [7, 3])
        #expect(entries.map(\.files) == ["files/", "files/x%20y/"])
    }

    @Test func `no chunk of a file that does not fit its manifest or is not there`() throws {
        let root = try TemporaryRoot()
        let (whole, short, missing) = (root.noise(70_000), root.noise(70_000), root.noise(70_000))
        try root.write("dir/whole", whole)
        try root.write("dir/short", Array(short.dropLast()))
        let manifest = try Manifest.sample("dir", [("whole", whole), ("short", short), ("missing", missing)])
        try root.write("dir.manifest.json", manifest.encoded())
        let responder = try root.responder()
        for chunk in sampleChunks(whole) { #expect(try answer(responder, path(chunk)).status == .ok) }
        for chunk in sampleChunks(short) + sampleChunks(missing) {
            #expect(try answer(responder, path(chunk)).status == .notFound)
        }
    }
}
