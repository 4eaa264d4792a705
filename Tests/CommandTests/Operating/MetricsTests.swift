import TestSupport
import Testing

@Suite("The worker's metrics")
struct MetricsCommandTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(300_000), chunkSize: 65_536)
    }

    /// The address in the line by which a worker says where its metrics are.
    private func address(of worker: Worker) async throws -> String {
        try await worker.program.until("it says where its metrics are") {
            let line = worker.program.errors.split(separator: "\n").first { $0.contains("metrics at http://") }
            return line?.split(separator: " ").last.map(String.init)
        }
    }

    private func metrics(_ address: String) async throws -> String {
        try await scene.must(.system("curl"), ["-sSf", address], by: .stranger).text
    }

    @Test func `What Prometheus' own checker reads, with what clients have done`() async throws {
        let worker = try await scene.worker(root: published.root, ["--metrics-listen", "127.0.0.1:0"])
        let address = try await address(of: worker)
        let got = try await scene.get(published.manifest, to: scene.path("got"), from: [worker.url])
        #expect(got.code == 0)
        let refused = try await scene.run(.system("curl"), ["-sS", worker.url], by: .stranger)
        #expect(refused.code == 60)
        let digest = try #require(HonestTree(manifest: published.manifest, root: published.root).digests.first)
        for path in ["files/none", "chunks/\(digest.prefix(2))/\(digest)"] {
            let options = ["-sS", "--compressed", "-o", "/dev/null", "--cacert", scene.certificates.authority]
            try await scene.must(.system("curl"), options + [worker.url + path], by: .stranger)
        }
        // A connection that is closed is counted a moment later.
        var text = try await metrics(address)
        for _ in 0..<500 where !text.contains("fdl_handshake_failures_total{reason=\"alert\"} 1") {
            try await Task.sleep(for: .milliseconds(10))
            text = try await metrics(address)
        }
        let chunks = try #require(text.firstMatch(of: /fdl_requests_total\{route="chunk",status="200"\} (\d+)/))
        #expect(Int(chunks.1) ?? 0 >= published.chunkCount)
        #expect(text.contains("fdl_requests_total{route=\"file\",status=\"404\"} 1\n"))
        #expect(text.contains("fdl_handshake_failures_total{reason=\"alert\"} 1\n"))
        #expect(text.contains(/fdl_handshakes_total\{version="TLSv1.3",resumed="false"\} \d/))
        #expect(text.contains(/fdl_compression_saved_bytes_total [1-9]/))
        #expect(text.contains("fdl_catalog_manifests 1\n"))
        #expect(text.contains(/fdl_descriptors_open [1-9]/))

        let file = scene.path("metrics.txt")
        try Files.write(Array(text.utf8), to: file)
        let checked = try await scene.run(
            .system("promtool"),
            ["check", "metrics"],
            by: .stranger,
            input: file
        )
        #expect(checked.code == 0, "\(checked.text) \(checked.errors)")
        #expect(checked.errors.isEmpty, "\(checked.errors)")
    }

    @Test func `Nothing but GET /metrics, and a port in use is an error at the start`() async throws {
        let worker = try await scene.worker(root: published.root, ["--metrics-listen", "127.0.0.1:0"])
        let address = try await address(of: worker)
        func code(_ url: String, _ options: String...) async throws -> String {
            let arguments = ["-sS", "-o", "/dev/null", "-w", "%{http_code}"] + options + [url]
            return try await scene.must(.system("curl"), arguments, by: .stranger).text
        }
        #expect(try await code(address) == "200")
        #expect(try await code(address + "x") == "404")
        #expect(try await code(address, "-X", "POST") == "405")
        let port = try #require(address.split(separator: ":").last?.split(separator: "/").first)
        let second = try await scene.run(
            .server,
            [
                "--cert", scene.certificates.server, "--root", published.root, "--listen", "127.0.0.1:0",
                "--metrics-listen", "127.0.0.1:\(port)",
            ],
            by: .publisher
        )
        #expect(second.code == 78)
        #expect(second.errors.contains("cannot listen on 127.0.0.1:\(port) for metrics: Address already in use"))
    }
}
