import FoundationEssentials
import TestSupport
import Testing

/// What a source can do wrong, chunk by chunk.
enum Fault: String, CaseIterable, Sendable {
    case wrongBytes, anotherChunk, shortBody, longBody
    case cutOff, closedPolitely, closedAtOnce
    case drip, silent, silentInBody
    case endlessHeaders, endlessInformational, endlessChunked
    case deflateBomb, truncatedGzip, twoGzipMembers, encodingNotAsked
    case serverError, unavailable, notFound, unauthorized
    case redirectToPlain, redirectElsewhere
    case garbage

    /// Whether the source is charged with wrong bytes rather than with failing.
    var isCorruption: Bool { [.wrongBytes, .anotherChunk].contains(self) }

    /// Whether its answer goes on until its time is up.
    var isEndless: Bool { [.drip, .silent, .silentInBody].contains(self) }

    /// Answers a request for a chunk in that way.
    func answer(
        _ request: FaultServer.Request,
        _ reply: FaultServer.Reply,
        tree: HonestTree,
        compressed: Compressed
    ) async throws {
        guard let body = tree.bytes(for: request), let digest = tree.digest(of: request) else {
            return try await reply.send(status: "404 Not Found", body: [])
        }
        func head(_ fields: String...) -> String {
            "HTTP/1.1 200 OK\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
        }
        let length = "Content-Length: \(body.count)"
        switch self {
        case .wrongBytes: try await reply.send(status: "200 OK", body: body.map { ~$0 })
        case .anotherChunk:
            let other = tree.digests.first { $0 != digest && tree.chunk($0)?.count == body.count } ?? digest
            try await reply.send(status: "200 OK", body: tree.chunk(other) ?? [])
        case .shortBody: try await reply.send(status: "200 OK", body: Array(body.dropLast()))
        case .longBody: try await reply.send(status: "200 OK", body: body + [0])
        case .cutOff:
            try await reply.send(Array(head(length).utf8) + body.prefix(body.count / 2))
            try await reply.cutOff()
        case .closedPolitely:
            try await reply.send(Array(head(length).utf8) + body.prefix(body.count / 2))
            reply.close()
        case .closedAtOnce: reply.close()
        case .drip:
            try await reply.send(head(length))
            for byte in body {
                try await reply.send([byte])
                try await Task.sleep(for: .seconds(1))
            }
        case .silent: try await reply.fallSilent()
        case .silentInBody:
            try await reply.send(Array(head(length).utf8) + body.prefix(1_000))
            try await reply.fallSilent()
        case .endlessHeaders:
            try await reply.send("HTTP/1.1 200 OK\r\n")
            while true { try await reply.send(String(repeating: "X-More: and more\r\n", count: 100)) }
        case .endlessInformational:
            while true { try await reply.send(String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 100)) }
        case .endlessChunked:
            try await reply.send(head("Transfer-Encoding: chunked"))
            while true {
                try await reply.send(Array("1000\r\n".utf8) + [UInt8](repeating: 0, count: 4_096) + [13, 10])
            }
        case .deflateBomb:
            try await reply.send(status: "200 OK", headers: ["Content-Encoding: gzip"], body: compressed.bomb)
        case .truncatedGzip:
            let half = Array(compressed.of(digest).dropLast(20))
            try await reply.send(status: "200 OK", headers: ["Content-Encoding: gzip"], body: half)
        case .twoGzipMembers:
            let twice = compressed.of(digest) + compressed.of(digest)
            try await reply.send(status: "200 OK", headers: ["Content-Encoding: gzip"], body: twice)
        case .encodingNotAsked:
            try await reply.send(status: "200 OK", headers: ["Content-Encoding: br"], body: Array(body.dropLast()))
        case .serverError: try await reply.send(status: "500 Internal Server Error", body: [])
        case .unavailable:
            try await reply.send(status: "503 Service Unavailable", headers: ["Retry-After: 99999999"], body: [])
        case .notFound: try await reply.send(status: "404 Not Found", body: [])
        case .unauthorized: try await reply.send(status: "403 Forbidden", body: [])
        case .redirectToPlain:
            try await reply.send(status: "302 Found", headers: ["Location: http://127.0.0.1:1/"], body: [])
        case .redirectElsewhere:
            try await reply.send(status: "302 Found", headers: ["Location: https://127.0.0.1:1/x"], body: [])
        case .garbage: try await reply.send("this is not HTTP at all\r\n\r\n")
        }
    }
}

/// Chunks as gzip(1) compresses them, made beforehand.
struct Compressed: Sendable {
    private let chunks: [String: [UInt8]]
    /// 64 MiB of nothing, a thousandth of it on the wire.
    let bomb: [UInt8]

    init(_ tree: HonestTree, in scene: Scene) async throws {
        let directory = scene.path("to-compress")
        for digest in tree.digests { try Files.write(tree.chunk(digest) ?? [], to: directory + "/" + digest) }
        let script = "gzip -rn1 \"$0\" && head -c 67108864 /dev/zero | gzip -n >\"$0/bomb.gz\""
        try await scene.must(.system("sh"), ["-c", script, directory], by: .publisher)
        var chunks: [String: [UInt8]] = [:]
        for digest in tree.digests { chunks[digest] = try Files.read(directory + "/" + digest + ".gz") }
        self.chunks = chunks
        bomb = try Files.read(directory + "/bomb.gz")
    }

    func of(_ digest: String) -> [UInt8] { chunks[digest] ?? [] }
}

@Suite("One source misbehaves beside an honest one")
struct FaultTests {
    private let scene: Scene
    private let published: Published
    private let tree: HonestTree

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(4 << 20), chunkSize: 65_536)
        tree = try HonestTree(manifest: published.manifest, root: published.root)
    }

    @Test(arguments: Fault.allCases)
    func `The file is right, and the bad source is named with its count`(fault: Fault) async throws {
        let compressed = try await Compressed(tree, in: scene)
        let bad = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            try await fault.answer(request, reply, tree: tree, compressed: compressed)
        }
        let witness = Witness(of: bad)
        let honest = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            // Not before the bad one's answer was taken note of: else it is overtaken, and charged with nothing.
            repeat {
                try await Task.sleep(for: .milliseconds(5))
            } while fault.isEndless ? bad.requests.isEmpty : !witness.isCertain
            try await tree.answer(request, reply)
        }
        let clock = ContinuousClock()
        let start = clock.now
        let get = try await scene.startGet(
            published.manifest,
            to: scene.path("copy"),
            from: [bad.url, honest.url],
            ["--compress", "always"]
        )
        witness.watch(get)
        let done = try GetResult(await get.wait()).done()
        print("\(fault): \(clock.now - start)")
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        #expect(!bad.requests.isEmpty, "the bad source was never asked")
        let source = try done.source(bad.url)
        #expect(source.chunks == 0)
        // A body that never ends can be found out by its length or by its first bytes.
        if fault != .endlessChunked { #expect((source.corrupt > 0) == fault.isCorruption, "corrupt \(source.corrupt)") }
        let charged = source.corrupt + source.failed + source.lacked
        // Whoever never ends an answer is overtaken rather than charged where the others are done before its time is
        // up.
        #expect(charged > 0 || fault.isEndless, "the bad source is charged with nothing")
        if fault == .notFound { #expect(source.lacked > 0) }
        #expect(try done.source(honest.url).chunks == published.chunkCount)
        #expect(try done.source(honest.url).failed == 0)
        #expect(try done.source(honest.url).corrupt == 0)
    }

    @Test(arguments: Fault.allCases.filter { !$0.isEndless })
    func `Alone, it ends in finite time with nothing under the final name`(fault: Fault) async throws {
        let compressed = try await Compressed(tree, in: scene)
        let bad = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            try await fault.answer(request, reply, tree: tree, compressed: compressed)
        }
        let options = ["--compress", "always"]
        let clock = ContinuousClock()
        let start = clock.now
        defer { print("\(fault) alone: \(clock.now - start)") }
        let result = try await scene.get(published.manifest, to: scene.path("copy"), from: [bad.url], options)
        let failed = try result.failed(65, 69, 77)
        #expect(failed.message.contains(String(bad.port)), "\(failed.message)")
        #expect(!Files.exists(scene.path("copy")))
        if Files.exists(scene.path("copy.fdl-part")) {
            #expect(try published.holdsNothingWrong(scene.path("copy.fdl-part")))
        }
    }
}

@Suite("A mirror misbehaves beside an honest one")
struct RangeFaultTests {
    enum Fault: String, CaseIterable, Sendable {
        case noContentRange, wrongContentRange, wrongTotal, compressed, multipart, wrongBytes
    }

    @Test(arguments: Fault.allCases)
    func `An answer to a range is checked before it is believed`(fault: Fault) async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(4 << 20), chunkSize: 65_536)
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        @Sendable func mirror(_ request: FaultServer.Request) -> FaultServer.Request {
            // A mirror has the file at its root; the tree knows it below /files/.
            FaultServer.Request(method: request.method, target: "/files" + request.target, headers: request.headers)
        }
        let bad = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            let request = mirror(request)
            guard let range = request.range, let body = tree.bytes(for: request), let file = tree.file(of: request)
            else {
                return try await tree.answer(request, reply)
            }
            let (first, last) = (range.lowerBound, range.upperBound)
            let right = tree.contentRange(request)
            switch fault {
            case .noContentRange: try await reply.send(status: "206 Partial Content", body: body)
            case .wrongContentRange:
                let field = "Content-Range: bytes \(first + 1)-\(last + 1)/\(file.count)"
                try await reply.send(status: "206 Partial Content", headers: [field], body: body)
            case .wrongTotal:
                let field = "Content-Range: bytes \(first)-\(last)/\(file.count + 1)"
                try await reply.send(status: "206 Partial Content", headers: [field], body: body)
            case .compressed:
                let fields = right + ["Content-Encoding: gzip"]
                try await reply.send(status: "206 Partial Content", headers: fields, body: Array(body.dropLast()))
            case .multipart:
                let fields = ["Content-Type: multipart/byteranges; boundary=X"]
                try await reply.send(status: "206 Partial Content", headers: fields, body: body)
            case .wrongBytes:
                try await reply.send(status: "206 Partial Content", headers: right, body: body.map { ~$0 })
            }
        }
        let witness = Witness(of: bad)
        let honest = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            repeat { try await Task.sleep(for: .milliseconds(5)) } while !witness.isCertain
            try await tree.answer(mirror(request), reply)
        }
        let mirrors = ["--mirror", bad.url, "--mirror", honest.url]
        let get = try await scene.startGet(published.manifest, to: scene.path("copy"), from: [], mirrors)
        witness.watch(get)
        let done = try GetResult(await get.wait()).done()
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        #expect(!bad.requests.isEmpty, "the bad mirror was never asked")
        let source = try done.source(bad.url)
        #expect(source.chunks == 0)
        #expect((source.corrupt > 0) == (fault == .wrongBytes))
        #expect(source.corrupt + source.failed + source.lacked > 0)
        #expect(try done.source(honest.url).chunks == published.chunkCount)
    }
}
