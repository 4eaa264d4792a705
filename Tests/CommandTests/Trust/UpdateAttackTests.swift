import FDLCore
import TestSupport
import Testing

/// The attacks on software updates that TUF lists, each on the running programs: refused, in plain words, with nothing
/// left behind. `docs/trust.md` shows what a person reads; that page is held against these tests.
@Suite("Attacks on updates, one by one")
struct UpdateAttackTests {
    private let scene: Scene
    private let publisher: Publisher

    init() async throws {
        scene = try await Scene()
        publisher = try Publisher(scene)
    }

    /// Expects a refusal whose message `docs/trust.md` has.
    private func expectRefused(_ ended: Ended, code: Int32 = 65) throws {
        let told = try ended.failed([code], saying: [])
        let page = String(decoding: try Files.read(Program.sources + "/docs/trust.md"), as: UTF8.self)
        let shown = told.message.replacing(/127\.0\.0\.1:\d+/, with: "HOST").replacing(/[0-9a-f]{64}/, with: "DIGEST")
            .replacing(/key [0-9A-F]{16}/, with: "key KEYID")
        #expect(page.contains(shown), "docs/trust.md lacks: \(shown)")
    }

    /// A reader who has accepted the first statement, and the worker that serves the product.
    private func served(_ options: [String] = [], version: String = "5") async throws -> Worker {
        let fingerprint = try await publisher.makeStatement(options)
        _ = try await publisher.pin(fingerprint).succeeded()
        try await publisher.publish(noise(1_000), version: version)
        return try await scene.worker(root: publisher.root)
    }

    private var manifest: String { publisher.root + "/tool.bin.manifest.json" }

    @Test func `Arbitrary software: what nobody accepted has signed`() async throws {
        let worker = try await served()
        _ = try await publisher.get(worker.url).succeeded()
        try await publisher.publish(noise(1_000, seed: 2), keys: ["mallory"], version: "6")
        try expectRefused(try await publisher.get(worker.url))
    }

    @Test func `Rollback: an older version`() async throws {
        let worker = try await served()
        let old = try (Files.read(manifest), Files.read(manifest + ".minisig"))
        try await publisher.publish(noise(1_000, seed: 2), version: "6")
        _ = try await publisher.get(worker.url).succeeded()
        try Files.write(old.1, to: manifest + ".minisig")
        try Files.write(old.0, to: manifest)
        try expectRefused(try await publisher.get(worker.url))
    }

    @Test func `Fast-forward: a version that leaves nothing above it`() async throws {
        let worker = try await served(["--with", publisher.pub("b")])
        let highest = "\(Manifest.allowedVersions.upperBound)"
        try await publisher.sign(
            ["manifest", publisher.root + "/tool.bin", "--name", "tool", "--version", highest, "--ahead"]
                + publisher.keys(["b"])
        ).succeeded()
        _ = try await publisher.get(worker.url).succeeded()
        try Files.remove(manifest)
        try await publisher.publish(noise(1_000, seed: 2), version: "6")
        try expectRefused(try await publisher.get(worker.url))
        let remove = ["publisher", "remove-key", publisher.statements, try await publisher.id("b")]
        try await publisher.sign(remove + publisher.keys(["a"])).succeeded()
        _ = try await publisher.get(worker.url).succeeded()
    }

    @Test(.fakesTheClock)
    func `Indefinite freeze: a worker shows what was the newest once`() async throws {
        let worker = try await served([
            "--fresh-key", publisher.pub("fresh"), "--maximum-age", "7d", "--expires", "1y",
        ])
        let refresh = ["refresh", publisher.root, "--for", "30d", "--key", try await publisher.key("fresh")]
        try await publisher.sign(refresh).succeeded()
        _ = try await publisher.get(worker.url).succeeded()
        try expectRefused(try await publisher.get(worker.url, at: "+9d"))
    }

    @Test func `Mix and match: the manifest of one version and the chunks of another`() async throws {
        let worker = try await served()
        // What the manifest lists is there no more: other bytes of the same length are.
        try Files.write(noise(1_000, seed: 2), to: publisher.root + "/tool.bin")
        try expectRefused(try await publisher.get(worker.url))
    }

    @Test func `Wrong software: another product of the same publisher`() async throws {
        let worker = try await served()
        let other = publisher.root + "/other.bin"
        try Files.write(noise(500), to: other)
        try await publisher.sign(["manifest", other, "--name", "other", "-o", manifest] + publisher.keys(["a"]))
            .succeeded()
        let fault = try await FaultServer.start(certificate: scene.certificates.server) { [manifest] request, reply in
            guard request.target.hasPrefix("/manifests/tool.json") else {
                return try await reply.send(status: "404 Not Found", body: [])
            }
            let suffix = request.target.hasSuffix(".minisig") ? ".minisig" : ""
            try await reply.send(status: "200 OK", body: Files.read(manifest + suffix))
        }
        _ = try await worker.stop()
        try expectRefused(try await publisher.get(fault.url))
    }

    @Test func `Endless data: a signature without an end`() async throws {
        _ = try await served()
        let endless = try await FaultServer.start(certificate: scene.certificates.server) { [manifest] request, reply in
            guard request.target.hasSuffix(".minisig") else {
                return try await reply.send(status: "200 OK", body: Files.read(manifest))
            }
            try await reply.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while true { try await reply.send("1000\r\n" + String(repeating: " ", count: 4_096) + "\r\n") }
        }
        try expectRefused(try await publisher.get(endless.url), code: 69)
    }

    @Test func `Key compromise: one of two keys is not enough, and one that was removed counts for nothing`()
        async throws
    {
        let fingerprint = try await publisher.makeStatement(
            ["--with", publisher.pub("b"), "--threshold", "2"],
            keys: ["a", "b"]
        )
        _ = try await publisher.pin(fingerprint).succeeded()
        let worker = try await scene.worker(root: publisher.root)
        try await publisher.publish(noise(1_000), keys: ["a"])
        try expectRefused(try await publisher.get(worker.url))
        let add = ["publisher", "add-key", publisher.statements, try await publisher.pub("c")]
        try await publisher.sign(add + publisher.keys(["a", "b", "c"])).succeeded()
        let remove = ["publisher", "remove-key", publisher.statements, try await publisher.id("a")]
        try await publisher.sign(remove + publisher.keys(["b", "c"])).succeeded()
        try expectRefused(try await publisher.get(worker.url))
    }

    @Test func `A malicious mirror among others keeps nobody from the newest`() async throws {
        let worker = try await served()
        let liar = try await FaultServer.start(certificate: scene.certificates.server) { _, reply in
            try await reply.send(status: "200 OK", body: noise(1_000, seed: 7))
        }
        _ = try await publisher.get(worker.url, ["--server", liar.url, "--mirror", liar.url]).succeeded()
    }
}
