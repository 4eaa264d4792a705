import FoundationEssentials
import TestSupport
import Testing

/// What the table of faults needs, made once: a worker whose path is narrow, and how long it takes alone.
private struct FaultTimeSetting: Sendable {
    let scene: Scene
    let published: Published
    let tree: HonestTree
    let compressed: Compressed
    let worker: Worker
    let honest: Relay
    /// The wall time of a download from the honest source alone, in seconds.
    let alone: Double

    /// In bytes a second. The honest source takes seconds, so that what a fault costs shows beside a busy machine.
    private static let rate = 4e6

    private init() async throws {
        scene = try await Scene()
        // Bytes that do not shrink: the narrow path takes as long for them whatever the encoding.
        published = try await scene.publish(noise(6 << 20), chunkSize: 65_536)
        tree = try HonestTree(manifest: published.manifest, root: published.root)
        compressed = try await Compressed(tree, in: scene)
        worker = try await scene.worker(root: published.root)
        honest = try await Relay.start(to: worker.port, bytesPerSecond: Self.rate)
        let clock = ContinuousClock()
        let start = clock.now
        let result = try await scene.get(
            published.manifest,
            to: scene.path("alone"),
            from: [honest.url],
            ["--compress", "always"]
        )
        _ = try result.done()
        alone = seconds(clock.now - start)
        print("fault table: the honest source alone: \(rounded(alone)) s")
    }

    private static let made = Task { try await FaultTimeSetting() }

    static func shared() async throws -> FaultTimeSetting { try await made.value }

    /// The most that a download may take with a bad source beside the honest one.
    var bound: Double { 1.5 * alone + 2 }

    /// Downloads from a bad source beside the honest one and checks all that holds for every fault.
    func run(_ name: String, from sources: [String], bad: FaultServer) async throws -> GetResult.Done.Source {
        let output = scene.path("copy-" + name)
        let clock = ContinuousClock()
        let start = clock.now
        let result = try await scene.get(
            published.manifest,
            to: output,
            from: [],
            sources + ["--compress", "always"]
        )
        let time = seconds(clock.now - start)
        let done = try result.done()
        #expect(try Files.read(output) == published.bytes)
        #expect(!bad.requests.isEmpty || bad.connections > 0, "the bad source was never asked")
        #expect(time <= bound, "took \(rounded(time)) s where \(rounded(bound)) s are the most")
        let source = try done.source(bad.url)
        #expect(source.chunks == 0)
        let honest = try done.source(honest.url)
        #expect(honest.chunks == published.chunkCount)
        #expect(honest.corrupt + honest.failed + honest.lacked == 0, "the honest source is charged")
        print("fault table: \(name): \(rounded(time)) s of \(rounded(bound)) s; \(source.reason ?? "-")")
        return source
    }
}

extension Fault {
    /// What the account of the source says where it does this; nil if the table has no such fault.
    fileprivate var expectedReasons: [String]? {
        switch self {
        case .anotherChunk: ["SHA-256"]
        // A reset where a request stood unread when the connection ended.
        case .cutOff: ["no close_notify", "Connection reset"]
        case .closedPolitely: ["closed early"]
        case .drip, .silent: ["timed out"]
        case .endlessHeaders: ["broke the protocol"]
        case .endlessInformational: ["interim"]
        // Whichever is seen first: the digest of the first bytes, or the byte too many.
        case .endlessChunked: ["SHA-256", "longer than the chunk"]
        case .deflateBomb, .truncatedGzip, .twoGzipMembers: ["does not decode"]
        case .encodingNotAsked: ["not asked for"]
        case .serverError: ["answered 500"]
        case .unavailable: ["answered 503"]
        case .redirectToPlain: ["redirects to http"]
        case .redirectElsewhere: ["led to https://127.0.0.1:1/x: unreachable"]
        default: nil
        }
    }
}

extension TimedTests {
    @Suite("A bad source beside an honest one costs little time, and is named with the right reason")
    struct FaultTimeTests {
        @Test(arguments: Fault.allCases.filter { $0.expectedReasons != nil })
        func `A worker`(fault: Fault) async throws {
            let setting = try await FaultTimeSetting.shared()
            let (tree, compressed) = (setting.tree, setting.compressed)
            let bad = try await FaultServer.start(certificate: setting.scene.certificates.server) { request, reply in
                try await fault.answer(request, reply, tree: tree, compressed: compressed)
            }
            let sources = ["--server", bad.url, "--server", setting.honest.url]
            let source = try await setting.run(fault.rawValue, from: sources, bad: bad)
            let reason = try #require(source.reason, "no reason given; state \(source.state)")
            #expect(fault.expectedReasons?.contains { reason.contains($0) } == true, "\(reason)")
            #expect((source.corrupt > 0) == reason.contains("SHA-256"))
        }

        @Test func `It accepts connections and never speaks TLS`() async throws {
            let setting = try await FaultTimeSetting.shared()
            // Nothing passes this relay: the connection stands, and that is all.
            let bad = try await FaultServer.start(certificate: setting.scene.certificates.server) { _, _ in }
            let hole = try await Relay.start(to: bad.port)
            hole.freeze()
            let output = setting.scene.path("copy-hole")
            let clock = ContinuousClock()
            let start = clock.now
            let result = try await setting.scene.get(
                setting.published.manifest,
                to: output,
                from: [hole.url, setting.honest.url]
            )
            let time = seconds(clock.now - start)
            let reason = try result.done().source(hole.url).reason
            #expect(try Files.read(output) == setting.published.bytes)
            #expect(time <= setting.bound, "took \(rounded(time)) s where \(rounded(setting.bound)) s are the most")
            #expect(reason?.contains("timed out: no connection") == true, "\(reason ?? "-")")
            print(
                "fault table: acceptsOnly: \(rounded(time)) s of \(rounded(setting.bound)) s; \(reason ?? "-")"
            )
        }

        // With its first chunk, soon after, and when it holds as much as it ever does.
        @Test(arguments: [false, true], [80_000, 200_000, 1_200_000])
        func `It falls silent midway`(isMirror: Bool, bytes: Int) async throws {
            let setting = try await FaultTimeSetting.shared()
            let server = isMirror ? try await Mirror.start(root: setting.published.root, in: setting.scene) : nil
            let path = try await Relay.start(
                to: server?.port ?? setting.worker.port,
                bytesPerSecond: 4e6,
                freezesAfter: bytes
            )
            let output = setting.scene.path("copy-midway-\(isMirror)-\(bytes)")
            let clock = ContinuousClock()
            let start = clock.now
            let get = try await setting.scene.startGet(
                setting.published.manifest,
                to: output,
                from: [setting.honest.url],
                [isMirror ? "--mirror" : "--server", path.url]
            )
            let done = try GetResult(await get.wait()).done()
            let time = seconds(clock.now - start)
            #expect(try Files.read(output) == setting.published.bytes)
            #expect(time <= setting.bound, "took \(rounded(time)) s where \(rounded(setting.bound)) s are the most")
            let source = try done.source(path.url)
            #expect(source.chunks > 0, "it was silent from the beginning")
            #expect(source.chunks < setting.published.chunkCount / 2, "it was done before it fell silent")
            // What it held alone may have come from the other within a second: then there is nothing to name.
            if let reason = source.reason { #expect(reason.hasPrefix("timed out"), "\(reason)") }
            print(
                "fault table: silent as a \(source.kind) after \(bytes) bytes: \(rounded(time)) s of "
                    + "\(rounded(setting.bound)) s; \(source.reason ?? "-")"
            )
        }

        enum RangeFault: String, CaseIterable, Sendable {
            case noContentRange, wrongContentRange

            var expectedReason: String {
                switch self {
                case .noContentRange: "without Content-Range"
                case .wrongContentRange: "Content-Range bytes"
                }
            }
        }

        @Test(arguments: RangeFault.allCases)
        func `A mirror`(fault: RangeFault) async throws {
            let setting = try await FaultTimeSetting.shared()
            let bytes = setting.published.bytes
            let bad = try await FaultServer.start(certificate: setting.scene.certificates.server) { request, reply in
                guard let range = request.range, range.upperBound < bytes.count else { return reply.close() }
                let body = Array(bytes[range])
                let (first, last) = (range.lowerBound + 1, range.upperBound + 1)
                switch fault {
                case .noContentRange: try await reply.send(status: "206 Partial Content", body: body)
                case .wrongContentRange:
                    let field = "Content-Range: bytes \(first)-\(last)/\(bytes.count)"
                    try await reply.send(status: "206 Partial Content", headers: [field], body: body)
                }
            }
            let sources = ["--mirror", bad.url, "--server", setting.honest.url]
            let source = try await setting.run(fault.rawValue, from: sources, bad: bad)
            #expect(source.reason?.contains(fault.expectedReason) == true, "\(source.reason ?? "-")")
            #expect(source.failed > 0 && source.corrupt == 0)
        }
    }
}
