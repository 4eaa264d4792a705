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
}
