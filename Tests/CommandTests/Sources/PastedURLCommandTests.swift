import TestSupport
import Testing

@Suite("get, given what people paste")
struct PastedURLCommandTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    /// A worker with a folder of two files.
    private func folder() async throws -> Worker {
        let root = scene.path("published")
        try Files.write(noise(100_000), to: root + "/my album/one.bin")
        try Files.write(noise(70_000, seed: 2), to: root + "/my album/sub/two.bin")
        _ = try await scene.sign(root + "/my album")
        return try await scene.worker(root: root)
    }

    private func get(_ url: String, _ options: [String] = []) async throws -> Ended {
        let output = scene.path("copy of \(url.split(separator: "/").last?.prefix { $0 != "?" } ?? "")")
        return try await scene.run(
            .secure,
            ["get", url, "-o", output] + scene.acceptance() + options,
            by: .reader
        )
    }

    @Test(arguments: [
        "", "/", "/manifests", "/manifests/", "/manifests/index.json", "/manifests/my-album.json/", "/files/my%20album",
        "/files/my album/", "/files/my%20album/one.bin", "/files/my%20album/sub/two.bin",
    ])
    func `One manifest is found, and what was fetched is all of it`(path: String) async throws {
        let worker = try await folder()
        let url = "https://127.0.0.1:\(worker.port)"
        let output = scene.path("copy")
        let done = try await scene.get(url + path, to: output, from: [])
        #expect(try done.done().source(worker.url).chunks == 2)
        let published = scene.path("published/my album")
        let compared = try await scene.run(.system("diff"), ["-r", published, output], by: .reader)
        #expect(compared.code == 0, "\(compared.text)")
        let isManifest = path.hasSuffix(".json/")
        #expect(done.ended.text.contains("the manifest is \(url)/manifests/my-album.json") != isManifest)
        #expect(done.ended.text.contains("part of my-album, whose 2 files") == path.hasSuffix(".bin"))
    }

    @Test func `Several are listed, unless the path says which`() async throws {
        let root = scene.path("published")
        for name in ["a.bin", "b.bin"] {
            try Files.write(noise(1000), to: root + "/" + name)
            _ = try await scene.sign(root + "/" + name)
        }
        try Files.write(noise(2000), to: root + "/c.bin")
        _ = try await scene.sign(root + "/c.bin", ["--name", "other"])
        let worker = try await scene.worker(root: root)
        let several = try await get(worker.url).failed([64], saying: ["3 manifests"])
        for name in ["a.bin", "b.bin", "other"] {
            #expect(several.message.contains("\(worker.url)manifests/\(name).json"), "\(several.message)")
        }
        #expect(several.hint == "give one of these URLs instead, or the manifest's name with --name")
        let chosen = try await get(worker.url, ["--name", "a.bin"])
        #expect(chosen.code == 0, "\(chosen.errors)")
        #expect(chosen.errors.contains("note: the manifest is \(worker.url)manifests/a.bin.json"))
        try await get(worker.url, ["--name", "z"]).failed(69, saying: "no manifest of \(worker.url)", "is named z")
        let named = try await get(worker.url + "files/b.bin")
        #expect(named.code == 0, "\(named.errors)")
        #expect(named.errors.contains("note: the manifest is \(worker.url)manifests/b.bin.json"))
        // The name does not say so, but the manifest does.
        let listed = try await get(worker.url + "files/c.bin")
        #expect(listed.code == 0, "\(listed.errors)")
        #expect(listed.errors.contains("note: the manifest is \(worker.url)manifests/other.json"))
        try await get(worker.url + "files/d.bin").failed(69, saying: "no manifest of \(worker.url) lists d.bin")
    }

    @Test func `Nothing published, and nothing that says what is`() async throws {
        try Files.makeDirectory(scene.path("empty"))
        let worker = try await scene.worker(root: scene.path("empty"))
        try await get(worker.url).failed(69, saying: "\(worker.url) has no manifest")
        for status in ["404 Not Found", "403 Forbidden"] {
            let server = try await FaultServer.start(certificate: scene.certificates.server) { _, reply in
                try await reply.send(status: status, body: [])
            }
            let ended = try await get(server.url + "files/x/y.iso")
            let told = try ended.failed([69], saying: ["\(server.url) does not say which manifests it has"])
            #expect(told.hint.contains("\(server.url)manifests/NAME.json"))
        }
    }

    /// What an index says is nobody's word.
    @Test func `An index that leads to a manifest which does not list the file`() async throws {
        let published = try await scene.publish(noise(1000))
        let (manifest, signature) = (
            try Files.read(published.manifest), try Files.read(published.manifest + ".minisig")
        )
        let index = #"{"format": "fdl-index-v1", "manifests": [{"name": "data.bin", "version": 1, "files": "files/"}]}"#
        let server = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            switch request.target {
            case "/manifests/index.json": try await reply.send(status: "200 OK", body: Array(index.utf8))
            case "/manifests/data.bin.json": try await reply.send(status: "200 OK", body: manifest)
            case "/manifests/data.bin.json.minisig": try await reply.send(status: "200 OK", body: signature)
            default: try await reply.send(status: "404 Not Found", body: [])
            }
        }
        let ended = try await get(server.url + "files/wanted.bin")
        let refusal = "the signed manifest of data.bin does not list wanted.bin"
        try ended.failed(69, saying: refusal)
        // The same by the library.
        let key = try await scene.publisherKey()
        let program = [server.url + "files/wanted.bin", key, scene.path("copy"), scene.certificates.authority]
        let embedded = try await scene.run(.built("EmbedClient"), program, by: .reader)
        #expect(embedded.text.contains(refusal), "\(embedded.text)")
        #expect(!server.requests.contains { $0.target.hasPrefix("/chunks/") })
    }

    @Test func `A query goes along to the index, the manifest and the chunks, and is not shown`() async throws {
        let published = try await scene.publish(noise(200_000), chunkSize: 65_536)
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        let (manifest, signature) = (
            try Files.read(published.manifest), try Files.read(published.manifest + ".minisig")
        )
        let index = #"{"format": "fdl-index-v1", "manifests": [{"name": "data.bin", "version": 1, "files": "files/"}]}"#
        let server = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            guard request.target.hasSuffix("?sig=hush") else {
                return try await reply.send(status: "403 Forbidden", body: [])
            }
            let target = request.target.replacingSuffix("?sig=hush", with: "")
            switch target {
            case "/manifests/index.json": try await reply.send(status: "200 OK", body: Array(index.utf8))
            case "/manifests/data.bin.json": try await reply.send(status: "200 OK", body: manifest)
            case "/manifests/data.bin.json.minisig": try await reply.send(status: "200 OK", body: signature)
            default:
                let plain = FaultServer.Request(method: request.method, target: target, headers: request.headers)
                try await tree.answer(plain, reply)
            }
        }
        let ended = try await get(server.url + "?sig=hush")
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(!(ended.errors + ended.text).contains("hush"))
        #expect(ended.errors.contains("manifests/data.bin.json"))
    }
}
