import TestSupport
import Testing

@Suite("Progress in a terminal")
struct ProgressTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    /// What a terminal shows while a source has given half of what it has, and waits.
    private struct Stopped {
        let session: TerminalSession
        let gate: Gate
        let source: FaultServer
        let dead: Int
    }

    /// A download of four chunks from a source that stops before the third, beside one that does not exist.
    private func stopped(
        width: Int = 80,
        height: Int = 24,
        term: String = "screen",
        environment: [String: String] = [:]
    ) async throws -> Stopped {
        let published = try await scene.publish(noise(4 << 16), chunkSize: 1 << 16)
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        let gate = Gate()
        let served = SharedMutex(0)
        let source = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            if served.withLock({ count in
                count += 1; return count > 2
            }) {
                try await gate.pass()
            }
            try await tree.answer(request, reply)
        }
        let dead = try freePort()
        let arguments = try await ["get", published.manifest, "-o", "copy", "--compress", "never"] + scene.acceptance()
        let session = try await TerminalSession.start(
            .secure,
            arguments + ["--server", source.url, "--server", "https://127.0.0.1:\(dead)/"],
            in: scene,
            width: width,
            height: height,
            term: term,
            environment: environment
        )
        return Stopped(session: session, gate: gate, source: source, dead: dead)
    }

    /// The lines that are drawn over: from the last that begins with what is being done.
    private static func block(_ lines: [String]) -> ArraySlice<String> {
        lines.lastIndex { $0.hasPrefix("fetching") }.map { lines[$0...] } ?? []
    }

    @Test func `The whole and each source have a line; a dead one is named with its reason; at the end they are gone`()
        async throws
    {
        let stopped = try await stopped(width: 100)
        let lines = try await stopped.session.until("half is there") { lines in
            Self.block(lines).first?.contains(" 50 % ") == true && Self.block(lines).count == 3
                && lines.contains { $0.contains("gives nothing now") }
        }
        let block = Array(Self.block(lines))
        #expect(block[0].contains("[=") && block[0].contains("128.0 KiB of 256 KiB"))
        #expect(block[1].hasPrefix("  127.0.0.1:\(stopped.source.port) ") && block[1].hasSuffix("  gave 100 %"))
        #expect(block[2].hasPrefix("  127.0.0.1:\(stopped.dead) "))
        #expect(block[2].contains("  waiting  unreachable: Connection refused"))
        #expect(lines.contains { $0.hasPrefix("data.bin version ") && $0.contains("signed by the key ") })
        #expect(lines.joined().contains("https://127.0.0.1:\(stopped.dead)/ gives nothing now: unreachable"))
        #expect(!lines.joined().contains(" 0 B/s"))
        stopped.gate.open()
        let code = try await stopped.session.end()
        #expect(code == 0)
        let last = try await stopped.session.until("it says what it did") { $0.contains { $0.contains("verified in") } }
        #expect(!last.contains { $0.hasPrefix("fetching") })
        #expect(last.contains { $0.hasPrefix("  fetched 256 KiB in ") })
        #expect(last.contains { $0.contains(":\(stopped.source.port)/: 100 %, 4 chunks") })
        #expect(last.joined().contains(":\(stopped.dead)/: nothing, "))
    }

    @Test(arguments: [35, 12])
    func `A narrow terminal shows the same in less`(width: Int) async throws {
        let stopped = try await stopped(width: width)
        let lines = try await stopped.session.until("half is there") { lines in
            Self.block(lines).count == 3 && Self.block(lines).joined().contains("50 %")
                || width < 20
                    && lines.contains { $0.hasPrefix("50 %") }
        }
        for line in Self.block(lines) { #expect(line.count < width) }
        stopped.gate.open()
        let code = try await stopped.session.end()
        #expect(code == 0)
        #expect(try await !stopped.session.screen.contains { $0.hasPrefix("fetching") })
    }

    @Test func `After a resize nothing is torn`() async throws {
        // So low that the block is at the bottom: what tmux moves out of the top of a screen, nobody can draw over.
        let height = 8
        let stopped = try await stopped(width: 100, height: height)
        func isWhole(_ lines: [String], narrowerThan width: Int) -> Bool {
            let block = Self.block(lines)
            return block.count == 3 && block.allSatisfy { $0.count < width }
                && lines.count { $0.contains("fetching") } == 1 && block.joined().contains(" 50 %")
        }
        /// What was said for good.
        func isAllThere(_ lines: [String]) -> Bool {
            let text = lines.joined()
            return text.contains("data.bin version ")
                && text.contains("https://127.0.0.1:\(stopped.dead)/ gives nothing now: unreachable")
        }
        try await stopped.session.until("half is there") { isWhole($0, narrowerThan: 100) && isAllThere($0) }
        for width in [50, 30, 100, 60, 30, 100, 45] {
            try await stopped.session.resize(width: width, height: height)
            try await stopped.session.until("it fits in \(width)") { isWhole($0, narrowerThan: width) }
            let lines = try await stopped.session.history
            #expect(isAllThere(lines), "at \(width):\n\(lines.joined(separator: "\n"))")
        }
        stopped.gate.open()
        let code = try await stopped.session.end()
        #expect(code == 0)
        #expect(try await !stopped.session.screen.contains { $0.contains("fetching") })
    }

    @Test func `A terminal that has no escape codes gets none`() async throws {
        let stopped = try await stopped(term: "dumb")
        try await stopped.session.until("the dead source is named") { $0.joined().contains("gives nothing now") }
        stopped.gate.open()
        let code = try await stopped.session.end()
        #expect(code == 0)
        let lines = try await stopped.session.screen
        #expect(!lines.joined().contains("["))
    }

    @Test func `Ctrl-C leaves the message and nothing of the progress`() async throws {
        let stopped = try await stopped()
        try await stopped.session.until("half is there") { lines in
            Self.block(lines).count == 3 && Self.block(lines).joined().contains(" 50 % ")
        }
        try await stopped.session.type("C-c")
        try await stopped.session.end()
        let lines = try await stopped.session.until("it says so") { lines in
            lines.contains { $0.hasPrefix("hint: ") }
        }
        #expect(lines.contains("error: interrupted at 50 %, 128.0 KiB of 256 KiB"))
        #expect(lines.joined().contains("it goes on from what is kept in copy.fdl-part"))
        #expect(!lines.contains { $0.hasPrefix("fetching") || $0.hasPrefix("  127.0.0.1") })
    }

    @Test func `Ctrl-C twice, one after the other, leaves nothing of the progress either`() async throws {
        let stopped = try await stopped()
        try await stopped.session.until("half is there") { Self.block($0).count == 3 }
        try await stopped.session.type("C-c", "C-c")
        try await stopped.session.end()
        let lines = try await stopped.session.screen
        #expect(!lines.contains { $0.hasPrefix("fetching") || $0.hasPrefix("  127.0.0.1") })
    }
}
