import TestSupport
import Testing

@Suite("Examples/Embed")
struct EmbedTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    @Test func `The client that imports FDLClient alone downloads, goes on and refuses`() async throws {
        let published = try await scene.publish(noise(3_000_000))
        let worker = try await scene.worker(root: published.root)
        let key = try await scene.publisherKey()
        let line = String(String(decoding: try Files.read(key), as: UTF8.self).split(separator: "\n")[1])
        let program = Program.built("EmbedClient")
        let url = worker.url + "manifests/data.bin.json"
        let command = [url, line, scene.path("copy"), scene.certificates.authority]
        let ended = try await scene.must(program, command, by: .reader)
        #expect(ended.text.hasSuffix("copy: 3000000 bytes, 3 chunks fetched\n"))
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        let again = try await scene.must(program, command, by: .reader)
        #expect(again.text.hasSuffix("0 chunks fetched\n"))
        let bytes = try await scene.must(program, [url, line, "-", scene.certificates.authority], by: .reader)
        #expect(bytes.output == published.bytes)
        let other = try await scene.publisherKey("other")
        let foreign = try await scene.run(program, [url, other, "-", scene.certificates.authority], by: .reader)
        #expect(foreign.text.hasPrefix("error: "))
        try Files.write([1, 2, 3], to: scene.path("copy"))
        let refused = try await scene.run(program, command, by: .reader)
        #expect(refused.text.contains("error: ") && refused.text.contains("is not what the manifest describes"))
        // What is for whoever types commands is no part of it.
        #expect(!refused.text.contains("--"))
    }

    @Test func `The client that imports FDLClient alone refuses another product than it asked for`() async throws {
        let published = try await scene.publish(noise(100_000))
        for suffix in ["", ".minisig"] {
            let bytes = try Files.read(published.manifest + suffix)
            try Files.write(bytes, to: "\(published.root)/other.json\(suffix)")
            try Files.remove(published.manifest + suffix)
        }
        let worker = try await scene.worker(root: published.root)
        let key = try await scene.publisherKey()
        let rest = [key, scene.path("copy"), scene.certificates.authority]
        let url = worker.url + "manifests/other.json"
        let ended = try await scene.run(.built("EmbedClient"), [url] + rest, by: .reader)
        #expect(ended.text.contains("error: ") && ended.text.contains("other was asked for"), "\(ended.text)")
        #expect(!Files.exists(scene.path("copy")))
    }

    @Test func `The publisher and the worker that import one module each sign, publish and serve`() async throws {
        let root = scene.path("root")
        try Files.write(noise(3_000_000), to: root + "/big.iso")
        let signed = try await scene.must(
            .built("EmbedPublisher"),
            [root + "/big.iso", scene.path("tree")],
            by: .publisher
        )
        let key = try #require(signed.text.split(separator: "\n").last?.split(separator: " ").last.map(String.init))
        let again = try await scene.must(.built("EmbedPublisher"), [root + "/big.iso"], by: .publisher)
        #expect(again.text.contains("version ") && again.text != signed.text)
        for root in [root, scene.path("tree")] {
            // Its print would wait for a full buffer, to a file.
            let program = try scene.start(
                .system("stdbuf"),
                ["-oL", Program.built("EmbedWorker").path, root, scene.certificates.server, "127.0.0.1:0"],
                by: .publisher
            )
            let worker = try await Worker(program, port: program.listeningPort())
            let copy = scene.path("copy of " + (root.split(separator: "/").last ?? ""))
            let options = ["--publisher-key", key, "--cacert", scene.certificates.authority, "--no-state", "-o", copy]
            try await scene.must(.secure, ["get", worker.url] + options, by: .reader)
            #expect(try Files.hold(copy, noise(3_000_000)))
        }
        let refused = try await scene.run(.built("EmbedPublisher"), [root + "/none"], by: .publisher)
        #expect(refused.text.hasPrefix("error: ") && !refused.text.contains("--"))
    }
}
