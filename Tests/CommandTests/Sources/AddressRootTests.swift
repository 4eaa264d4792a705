import TestSupport
import Testing

extension RootTests {
    /// Names with several addresses, by a hosts file of the test's own in a mount namespace.
    @Suite("Names with several addresses", .needsRoot("it mounts a hosts file"))
    struct AddressTests {
        private let scene: Scene
        private let published: Published

        init() async throws {
            scene = try await Scene()
            published = try await scene.publish(noise(32 << 20), chunkSize: 262_144)
        }

        /// Starts a worker at an address and port of the loopback network.
        private func worker(root: String, address: String, port: Int = 0) async throws -> Worker {
            let program = try scene.start(
                .server,
                ["--cert", scene.certificates.server, "--root", root, "--listen", "\(address):\(port)"],
                by: .publisher
            )
            return try await Worker(program, port: program.listeningPort())
        }

        /// Downloads from `https://localhost:PORT/`, where localhost has these addresses.
        private func get(from port: Int, addresses: [String]) async throws -> GetResult.Done.Source {
            let hosts = scene.path("hosts")
            try Files.write(Array(addresses.map { "\($0) localhost\n" }.joined().utf8), to: hosts)
            let url = "https://localhost:\(port)/"
            let arguments =
                try await [
                    "get", published.manifest, "-o", scene.path("copy"), "--json", "--server", url, "--limit-rate",
                    "16M",
                ] + scene.acceptance()
            let script = "mount --bind \"$0\" /etc/hosts && exec \"$@\""
            let program = try scene.start(
                .system("unshare"),
                ["-m", "--propagation", "private", "sh", "-c", script, hosts, Program.secure.path] + arguments,
                by: .reader
            )
            let done = try GetResult(await program.wait()).done()
            #expect(try Files.hold(scene.path("copy"), published.bytes))
            return try done.source(url)
        }

        @Test func `Of three one is dead and one lies: the others go on, and the lies are named`() async throws {
            let lies = scene.path("lies")
            try Files.write(noise(32 << 20, seed: 2), to: lies + "/data.bin")
            for suffix in ["", ".minisig"] {
                try Files.copy(published.manifest + suffix, to: lies + "/data.bin.manifest.json" + suffix)
            }
            let honest = try await worker(root: published.root, address: "127.0.0.1")
            let liar = try await worker(root: lies, address: "127.0.0.2", port: honest.port)
            let source = try await get(from: honest.port, addresses: ["127.0.0.3", "127.0.0.2", "127.0.0.1"])
            _ = try await liar.stop()
            #expect(source.chunks == published.chunkCount)
            #expect((1...2).contains(source.corrupt))
            #expect(source.failed == 0)
            #expect(source.state == "active" || source.state == "slow", "\(source.state)")
            #expect(source.reason?.contains("SHA-256") == true, "\(source.reason ?? "-")")
        }

        @Test func `A server on one address of localhost is in order`() async throws {
            let honest = try await worker(root: published.root, address: "127.0.0.1")
            let source = try await get(from: honest.port, addresses: ["::1", "127.0.0.1"])
            #expect(source.failed == 0 && source.reason == nil, "\(source.reason ?? "-")")
        }
    }
}
