import TestSupport
import Testing

/// The scripts of `packaging/object-stores`, against a real store.
@Suite("A published tree in an object store")
struct ObjectStorePublishTests {
    enum Tool: String, CaseIterable, Sendable {
        case rclone, s3cmd, aws
    }

    private let scene: Scene
    private let store: ObjectStore
    private let tree: String

    init() async throws {
        scene = try await Scene()
        store = try await ObjectStore.start(volumes: 1, in: scene)
        tree = scene.path("tree")
    }

    /// Runs a script as a person would who has set his tool up.
    private func put(_ tool: Tool, prune: Bool = false) async throws {
        let authority = scene.certificates.authority
        let (id, secret) = (ObjectStore.key, ObjectStore.secret)
        var target = "s3://pub/releases"
        var environment = ["PRUNE": prune ? "1" : "0"]
        var options: [String] = []
        switch tool {
        case .rclone:
            target = "store:pub/releases"
            environment["RCLONE_CONFIG_STORE_TYPE"] = "s3"
            environment["RCLONE_CONFIG_STORE_PROVIDER"] = "SeaweedFS"
            environment["RCLONE_CONFIG_STORE_ACCESS_KEY_ID"] = id
            environment["RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY"] = secret
            environment["RCLONE_CONFIG_STORE_ENDPOINT"] = "https://\(store.host)"
            options = ["--ca-cert", authority]
        case .s3cmd:
            let settings = """
                [default]
                access_key = \(id)
                secret_key = \(secret)
                host_base = \(store.host)
                host_bucket = \(store.host)/%(bucket)
                use_https = True
                ca_certs_file = \(authority)

                """
            try Files.write(Array(settings.utf8), to: scene.path("s3cfg"))
            options = ["-q", "-c", scene.path("s3cfg")]
        case .aws:
            environment["AWS_ACCESS_KEY_ID"] = id
            environment["AWS_SECRET_ACCESS_KEY"] = secret
            environment["AWS_DEFAULT_REGION"] = "us-east-1"
            options = ["--endpoint-url", "https://\(store.host)", "--ca-bundle", authority, "--only-show-errors"]
        }
        let program = try scene.start(
            .system(Program.packaged("object-stores/\(tool.rawValue).sh")),
            [tree, target] + options,
            by: .publisher,
            environment: environment
        )
        _ = try await program.wait().succeeded()
    }

    private func curl(_ path: String, _ options: [String] = []) async throws -> String {
        let url = store.url(ofBucket: "pub") + "releases/" + path
        let command = ["-sS", "--cacert", scene.certificates.authority] + options + [url]
        return try await scene.must(.system("curl"), command, by: .stranger).text
    }

    @Test(arguments: Tool.allCases)
    func `Put there, read, put again, and what is no longer needed removed`(tool: Tool) async throws {
        let bucket = ["-sS", "--fail", "--retry", "9", "--retry-all-errors", "--cacert", scene.certificates.authority]
        try await scene.must(.system("curl"), bucket + ["-X", "PUT", store.url(ofBucket: "pub")], by: .publisher)
        let bytes = noise(3 << 20)
        let published = try await scene.publish(bytes, chunkSize: 65_536, ["--version", "1"])
        try await scene.publishTree(published.manifest, [tree, "--precompress"]).succeeded()
        try await put(tool)
        let url = store.url(ofBucket: "pub") + "releases/"
        _ = try await scene.get(url, to: scene.path("one"), from: []).done()
        #expect(try Files.hold(scene.path("one"), bytes))
        let old = try TreeCheck(root: tree).chunks
        let digest = try #require(old.sorted().first)
        let head = try await curl("chunks/\(digest.prefix(2))/\(digest)", ["-I"]).lowercased()
        #expect(head.contains("cache-control: public, max-age=31536000, immutable\r\n"), "\(head)")
        #expect(head.contains("content-type: application/octet-stream\r\n"), "\(head)")
        #expect(!head.contains("content-encoding:"), "\(head)")
        #expect(try await curl("manifests/data.bin.json", ["-I"]).lowercased().contains("cache-control: no-cache\r\n"))

        try Files.write(bytes.reversed(), to: published.file)
        _ = try await scene.sign(published.file, ["--chunk-size", "64KiB", "--version", "2"])
        try await scene.publishTree(published.manifest, [tree, "--prune", "--grace", "0"]).succeeded()
        try await put(tool, prune: true)
        _ = try await scene.get(url, to: scene.path("two"), from: []).done()
        #expect(try Files.hold(scene.path("two"), bytes.reversed()))
        let mirror = ["--mirror", url + "files/"]
        _ = try await scene.get(published.manifest, to: scene.path("three"), from: [], mirror).done()
        let gone = try await curl("chunks/\(digest.prefix(2))/\(digest)", ["-o", "/dev/null", "-w", "%{http_code}"])
        #expect(gone == "404" || gone == "403")
    }
}
