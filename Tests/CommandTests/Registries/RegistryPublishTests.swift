import TestSupport
import Testing

@Suite("publish into docker-registry")
struct RegistryPublishTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(4_000_000), chunkSize: 65_536)
    }

    private func publish(_ target: String, _ options: [String] = [], manifest: String? = nil) async throws -> Ended {
        let trust = ["--publisher-key", try await scene.publisherKey(), "--cacert", scene.certificates.authority]
        return try await scene.run(
            .sign,
            ["publish", manifest ?? published.manifest, target] + trust + options,
            by: .publisher
        )
    }

    private func get(_ registry: RealServer, _ name: String, to output: String, _ manifest: String? = nil) async throws
    {
        let options = ["--oci", "\(registry.url)v2/\(name)/"]
        let result = try await scene.get(
            manifest ?? published.manifest,
            to: scene.path(output),
            from: [],
            options
        )
        #expect(result.code == 0, "\(result.ended.errors)")
    }

    /// Where its blobs are.
    private func store(_ registry: RealServer) -> String { scene.path("docker-registry-\(registry.port)/store") }

    /// What no tag names is removed.
    private func collectGarbage(_ registry: RealServer) async throws {
        let configuration = scene.path("docker-registry-\(registry.port)/config.yml")
        let command = ["garbage-collect", "--delete-untagged", configuration]
        try await scene.must(.system("docker-registry"), command, by: .publisher)
    }

    @Test func `Only what is missing is sent, and the garbage collector leaves it`() async throws {
        let registry = try await RegistryServer.start(in: scene)
        let target = "oci://127.0.0.1:\(registry.port)/demo/data"
        let first = try await publish(target).succeeded()
        #expect(first.text.contains("62 chunks, 62 new"), "\(first.text)")
        #expect(first.text.contains("and data.bin"))
        let again = try await publish(target).succeeded()
        #expect(again.text.contains("62 chunks, 0 new (0 B)"), "\(again.text)")
        // A version that differs in its last bytes.
        let bytes = published.bytes.dropLast(10) + noise(10, seed: 5)
        try Files.write(Array(bytes), to: published.file)
        let second = try await scene.sign(
            published.file,
            ["--chunk-size", "64KiB"],
            manifest: scene.path("second.json")
        )
        let options = ["--from", published.file]
        let newer = try await publish(target, options, manifest: second).succeeded()
        #expect(newer.text.contains("62 chunks, 1 new"), "\(newer.text)")
        // A blob that nothing names.
        let orphan = try await scene.publish(noise(65_536, seed: 77), as: "orphan", chunkSize: 65_536)
        try await RegistryServer.push(orphan, to: "\(registry.url)v2/demo/orphan/", in: scene)
        try await get(registry, "demo/orphan", to: "orphan", orphan.manifest)

        try await collectGarbage(registry)
        let cleaned = try await RegistryServer.start(in: scene, storage: .directory(store(registry)))
        try await get(cleaned, "demo/data", to: "first")
        #expect(try Files.hold(scene.path("first"), published.bytes))
        try await get(cleaned, "demo/data", to: "second", second)
        #expect(try Files.hold(scene.path("second"), Array(bytes)))
        let gone = ["--oci", "\(cleaned.url)v2/demo/orphan/"]
        try await scene.get(orphan.manifest, to: scene.path("gone"), from: [], gone).failed(
            69,
            saying: "does not have it"
        )
        // The older version is not brought back.
        let older = try await publish("oci://127.0.0.1:\(cleaned.port)/demo/data")
        try older.failed(64, saying: "is older than")
        let log = try await registry.log()
        #expect(log.count(of: "\"POST /v2/demo/data/blobs/uploads/") == 62 + 3 + 1 + 2)
    }

    @Test func `With a token for who may push, and on an object store`() async throws {
        let store = try await ObjectStore.start(volumes: 1, in: scene)
        try await store.makeBucket("blobs", in: scene)
        let tokens = try await TokenServer.start(in: scene)
        let registry = try await RegistryServer.start(in: scene, storage: .bucket(store, "blobs"), tokens: tokens)
        let target = "oci://127.0.0.1:\(registry.port)/public/data"
        let bare = try await publish(target)
        let told = try bare.failed([77], saying: ["does not take the token", tokens.realm])
        #expect(told.hint.contains("who may push for localhost in a netrc file with --netrc"))
        let netrc = scene.path("netrc")
        let login = "machine localhost login \(Secrets.user) password \(Secrets.password)\n"
        try Files.write(Array(login.utf8), to: netrc)
        let before = try tokens.requests.count
        let done = try await publish(target, ["--netrc-file", netrc]).succeeded()
        #expect(done.text.contains("62 new"), "\(done.text)")
        #expect(try tokens.requests.count == before + 1)
        for secret in Secrets.all { #expect(!(done.text + done.errors).contains(secret)) }
        try await get(registry, "public/data", to: "copy")
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        let again = try await publish(target, ["--netrc-file", netrc]).succeeded()
        #expect(again.text.contains("0 new"), "\(again.text)")
    }

    @Test func `What cannot be published into`() async throws {
        try await publish("oci://127.0.0.1:1/A").failed(64, saying: "cannot be a repository")
        try await publish("https://127.0.0.1:1/").failed(64, saying: "cannot be a repository")
        try await publish("oci://127.0.0.1:1/a", ["--link"]).failed(64, saying: "directories")
        try await publish("oci://127.0.0.1:1/a", [scene.path("tree")]).failed(64, saying: "alone")
        try await publish("oci://127.0.0.1:1/a").failed(69, saying: "Connection refused")
        let worker = try await scene.worker(root: published.root)
        try await publish("oci://127.0.0.1:\(worker.port)/a").failed(69, saying: "cannot publish into")
        try Files.remove(published.file)
        try await publish("oci://127.0.0.1:1/a").failed(64, saying: "is not there")
    }
}
