import TestSupport
import Testing

/// The table in docs/sources.md is what these tests count.
@Suite("docker-registry as a source")
struct RegistryTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(4_000_000), chunkSize: 65_536)
    }

    private func get(_ repository: String, _ options: [String] = [], to output: String = "copy") async throws
        -> GetResult
    {
        try await scene.get(published.manifest, to: scene.path(output), from: [], ["--oci", repository] + options)
    }

    @Test func `Open to everybody: each chunk is one request`() async throws {
        let registry = try await RegistryServer.start(in: scene)
        let repository = registry.url + "v2/demo/data/"
        try await RegistryServer.push(published, to: repository, in: scene)
        let done = try await get(repository).done()
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        let source = try done.source(repository)
        #expect(source.kind == "oci")
        #expect(source.chunks == published.chunkCount)
        #expect(source.failed + source.corrupt + source.lacked == 0, "\(source.reason ?? "-")")
        // The short form, and a repository that has nothing.
        _ = try await get("oci://127.0.0.1:\(registry.port)/demo/data", to: "short").done()
        let none = try await get("oci://127.0.0.1:\(registry.port)/demo/none", to: "none")
        try none.failed(69, saying: "does not have it")
        let log = try await registry.log()
        #expect(log.count(of: "GET /v2/demo/data/blobs/sha256:") == 2 * published.chunkCount)
    }

    @Test func `Named by the manifest`() async throws {
        let registry = try await RegistryServer.start(in: scene)
        let repository = registry.url + "v2/demo/data/"
        let manifest = try await scene.sign(published.file, ["--chunk-size", "64KiB", "--oci", repository])
        try await RegistryServer.push(published, to: repository, in: scene)
        let done = try await scene.get(manifest, to: scene.path("copy"), from: []).done()
        #expect(try done.source(repository).chunks == published.chunkCount)
    }

    @Test func `A token for everybody: one refusal, one token, and each chunk once`() async throws {
        let tokens = try await TokenServer.start(in: scene)
        let registry = try await RegistryServer.start(in: scene, tokens: tokens)
        let repository = registry.url + "v2/public/data/"
        try await RegistryServer.push(published, to: repository, in: scene, login: Secrets.basic)
        let before = try tokens.requests.count
        let done = try await get(repository).done()
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        let source = try done.source(repository)
        #expect(source.chunks == published.chunkCount)
        #expect(source.failed + source.corrupt + source.lacked == 0, "\(source.reason ?? "-")")
        let asked = try tokens.requests.dropFirst(before)
        #expect(asked == ["/token?service=registry.test&scope=repository%3Apublic%2Fdata%3Apull -"])
        let log = try await registry.log()
        #expect(log.count(of: "GET /v2/public/data/blobs/") == published.chunkCount + 1)
    }

    @Test func `A login: to the token service alone, and without it a hint`() async throws {
        let tokens = try await TokenServer.start(in: scene)
        let registry = try await RegistryServer.start(in: scene, tokens: tokens)
        let repository = registry.url + "v2/private/data/"
        try await RegistryServer.push(published, to: repository, in: scene, login: Secrets.basic)
        let bare = try await get(repository, to: "none").failed(77, saying: "does not take the token", tokens.realm)
        #expect(bare.hint?.contains("password for localhost in a netrc file with --netrc") == true)
        let netrc = scene.path("netrc")
        try Files.write(Array("machine localhost login \(Secrets.user) password wrong\n".utf8), to: netrc)
        let wrong = try await get(repository, ["--netrc-file", netrc], to: "none")
        let told = try wrong.failed(77, saying: "no token from \(tokens.realm): refused access (401)")
        #expect(told.hint?.contains("check the user name and the password for localhost") == true)
        let login = "machine localhost login \(Secrets.user) password \(Secrets.password)\n"
        try Files.write(Array(login.utf8), to: netrc)
        let result = try await get(repository, ["--netrc-file", netrc])
        #expect(try result.done().source(repository).chunks == published.chunkCount)
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        for secret in Secrets.all { #expect(!(result.ended.text + result.ended.errors).contains(secret)) }
        #expect(try tokens.requests.last?.hasSuffix(" Basic \(Secrets.basic)") == true)
    }

    @Test func `On an object store: a redirect for each chunk, and the token stays behind`() async throws {
        let store = try await ObjectStore.start(volumes: 1, in: scene)
        try await store.makeBucket("blobs", in: scene)
        let tokens = try await TokenServer.start(in: scene)
        let registry = try await RegistryServer.start(in: scene, storage: .bucket(store, "blobs"), tokens: tokens)
        let repository = registry.url + "v2/public/data/"
        try await RegistryServer.push(published, to: repository, in: scene, login: Secrets.basic)
        let result = try await get(repository)
        // The store would refuse a presigned URL that comes with an Authorization field.
        #expect(try result.done().source(repository).chunks == published.chunkCount)
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        #expect(result.ended.text.contains("\"to\":\"https://127.0.0.1:\(store.port)\""))
        let log = try await registry.log()
        #expect(log.count(of: "GET /v2/public/data/blobs/") == published.chunkCount + 1)
        #expect(log.count(of: "\" 307 ") == published.chunkCount)
    }
}
