import TestSupport
import Testing

/// Ctrl-Z and fg in a shell, as a person uses them.
@Suite("Job control")
struct JobControlTests {
    @Test func `After Ctrl-Z and fg, what the shell has shown in between is still there`() async throws {
        let scene = try await Scene()
        let published = try await scene.publish(noise(4 << 16), chunkSize: 1 << 16)
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        let gate = Gate()
        let served = SharedMutex(0)
        let source = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            let number = served.withLock { count in
                count += 1
                return count
            }
            if number > 2 { try await gate.pass() }
            try await tree.answer(request, reply)
        }
        let arguments = try await ["get", published.manifest, "-o", "copy", "--compress", "never"] + scene.acceptance()
        let words = ([Program.secure.path] + arguments + ["--server", source.url]).map { "'\($0)'" }
        let home = scene.home(of: .reader)
        try Files.write(Array("exec \(words.joined(separator: " "))\n".utf8), to: home + "/fetch")
        let session = try await TerminalSession.start(
            .system("bash"),
            ["--norc", "--noprofile", "-i"],
            in: scene,
            environment: ["PS1": "$ "]
        )
        func isHalf(_ lines: some Sequence<String>) -> Bool {
            lines.contains { $0.hasPrefix("fetching") && $0.contains(" 50 %") }
        }
        // What is typed before is shown twice: by the terminal, and by the shell.
        try await session.until("the shell is there") { $0.contains { $0.hasPrefix("$") } }
        try await session.type("sh ./fetch", "Enter")
        try await session.until("half is there") { isHalf($0) }
        for round in 1...2 {
            try await session.type("C-z")
            try await session.until("it is stopped") { $0.count { $0.contains("Stopped") } == round }
            for line in 1...6 { try await session.type("echo line-$((\(line)+\(round)00))", "Enter") }
            try await session.until("the shell answers") { $0.contains("line-\(round)06") }
            try await session.type("fg", "Enter")
            let lines = try await session.until("it goes on") { lines in
                isHalf(lines.drop { $0 != "line-\(round)06" })
            }
            for line in 1...6 { #expect(lines.contains("line-\(round)0\(line)"), "\(lines.joined(separator: "\n"))") }
            #expect(lines.contains("$ fg"))
            // The shell says what goes on; one line higher than it, and it would be drawn over.
            #expect(lines.count { $0 == "sh ./fetch" } == round, "\(lines.joined(separator: "\n"))")
        }
        gate.open()
        let lines = try await session.until("it is done") { $0.contains { $0.contains("verified in") } }
        for line in 1...6 { #expect(lines.contains("line-20\(line)"), "\(lines.joined(separator: "\n"))") }
        try await session.type("exit", "Enter")
        try await session.end()
    }
}
