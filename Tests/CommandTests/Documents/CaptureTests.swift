import TestSupport
import Testing

/// What README.md shows of a terminal is what the program shows there.
@Suite("The captures of README.md")
struct CaptureTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    /// Without what differs from run to run: numbers and their units, the key, the length of the bar and of gaps, and how
    /// many lines say the same, one after the other.
    private func shape(_ lines: some Sequence<some StringProtocol>) -> [String] {
        let shapes = lines.map { line in
            String(line).replacing(#/key [0-9A-F]{16}/#, with: "key K")
                .replacing(#/=*>? *\]/#, with: "]")
                // A machine that is slow asks twice, and says of which source.
                .replacing(#/, [0-9]+ asked for besides another source/#, with: "")
                .replacing(#/  slow  /#, with: "  ")
                .replacing(#/[0-9][0-9.,]*( [KMG]?i?B)?/#, with: "N")
                .replacing(#/ +/#, with: " ")
                // A rate is shown where there is one.
                .replacing(#/( N/s)?( N (s|min|h))* left$/#, with: "")
                .replacing(#/ N/s(?= gave |$)/#, with: "")
        }
        return shapes.enumerated().filter { $0 == 0 || shapes[$0 - 1] != $1 }.map(\.element)
    }

    @Test func `Half of a download from three servers, of which one lies, and its end`() async throws {
        let half = 16
        let hosts = ["a.example", "b.example", "c.example"]
        let published = try await scene.publish(
            noise(2 * half << 20),
            as: "big.iso",
            ["--version", "7"] + hosts.flatMap { ["--source", "https://\($0)/"] }
        )
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        let certificate = try await scene.certificates.makeServer(
            in: scene.path("named"),
            names: hosts.map { "DNS:" + $0 }.joined(separator: ",")
        )
        let proxy = try await NamingProxy.start(in: scene)
        let gate = Gate()
        let served = SharedMutex(0)
        let hasLied = SharedMutex(false)
        var servers: [FaultServer] = []
        for host in hosts {
            let server = try await FaultServer.start(certificate: certificate) { request, reply in
                guard host != "c.example" else {
                    hasLied.withLock { $0 = true }
                    return try await reply.send(status: "200 OK", body: noise(1 << 20, seed: 9))
                }
                let number = served.withLock { count in
                    count += 1
                    return count
                }
                // Not before all of them are in the picture.
                while number > half / 2, !hasLied.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
                if number > half { try await gate.pass() }
                try await tree.answer(request, reply)
            }
            servers.append(server)
            try proxy.lead(host, to: server.port)
        }
        let home = scene.home(of: .reader)
        for end in ["", ".minisig"] {
            try Files.copy(published.manifest + end, to: home + "/big.iso.manifest.json" + end)
        }
        let key = try await scene.publisherKey()
        try await scene.must(.secure, ["trust", "add", key, "--label", "alice"], by: .reader)
        let session = try await TerminalSession.start(
            .secure,
            ["get", "big.iso.manifest.json"],
            in: scene,
            width: 100,
            environment: ["HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": scene.certificates.authority]
        )
        let middle = try await session.until("half is there") { lines in
            lines.contains { $0.hasPrefix("fetching") && $0.contains(" 50 % ") }
                && lines.contains { $0.hasPrefix("  c.example  no longer asked") }
                && lines.count { $0.hasPrefix("  a.example") || $0.hasPrefix("  b.example") } == 2
        }
        gate.open()
        #expect(try await session.end() == 0)
        let last = try await session.until("it says what it did") { $0.contains { $0.contains("verified in") } }
        let end = last.drop { !$0.contains("verified in") }.prefix { !$0.isEmpty }

        let page = try Page("README.md")
        let command = "$ fdl-secure get big.iso.manifest.json"
        let shown = try page.block("console", beginning: command).split(separator: "\n").dropFirst()
        #expect(shape(shown) == shape(middle), "\(command)\n\(middle.joined(separator: "\n"))")
        let shownEnd = try page.block("console", beginning: "big.iso: ").split(separator: "\n")
        #expect(shape(shownEnd) == shape(end), "\(end.joined(separator: "\n"))")
        withExtendedLifetime(servers) {}
    }
}
