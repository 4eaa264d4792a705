import TestSupport
import Testing

@Suite("The real minisign")
struct MinisignTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    @Test func `minisign verifies our signature and reads its trusted comment`() async throws {
        let published = try await scene.publish(noise(100_000))
        let arguments = ["-Vm", published.manifest, "-p", try await scene.publisherKey()]
        let verified = try await scene.run(.system("minisign"), arguments, by: .reader)
        #expect(verified.code == 0, "\(verified.errors)\(verified.text)")
        #expect(verified.text.contains("file:data.bin.manifest.json"))
        try Files.patch(published.manifest, at: 10, with: [0x21])
        #expect(try await scene.run(.system("minisign"), arguments, by: .reader).code != 0)
    }

    @Test func `A manifest signed by minisign's own key is accepted once that key is trusted, and not before`()
        async throws
    {
        let published = try await scene.publish(noise(200_000), chunkSize: 65_536)
        try Files.remove(published.manifest + ".minisig")
        let (key, secret) = (scene.path("theirs.pub"), scene.path("theirs.key"))
        try await scene.must(.system("minisign"), ["-G", "-W", "-p", key, "-s", secret], by: .publisher)
        try await scene.must(.system("minisign"), ["-Sm", published.manifest, "-s", secret], by: .publisher)
        let worker = try await scene.worker(root: published.root)

        func get() async throws -> GetResult {
            let arguments = ["get", published.manifest, "-o", scene.path("copy"), "--json"]
            let sources = ["--server", worker.url, "--cacert", scene.certificates.authority]
            return GetResult(try await scene.run(.secure, arguments + sources, by: .reader))
        }
        try await get().failed(65)
        #expect(!Files.exists(scene.path("copy")))
        try await scene.must(.secure, ["trust", "add", key], by: .reader)
        let listed = try await scene.must(.secure, ["trust", "list"], by: .reader)
        #expect(!listed.text.isEmpty)
        _ = try await get().done()
        #expect(try Files.hold(scene.path("copy"), published.bytes))
    }
}
