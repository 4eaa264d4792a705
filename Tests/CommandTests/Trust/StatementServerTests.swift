import FDLCore
import TestSupport
import Testing

@Suite("Where publisher statements are asked for")
struct StatementServerTests {
    private let scene: Scene
    private let publisher: Publisher

    init() async throws {
        scene = try await Scene()
        publisher = try Publisher(scene)
    }

    /// Makes the next statement.
    private func next(_ verb: String = "sign", _ options: [String] = ["--expires", "1y"]) async throws {
        let command = ["publisher", verb, publisher.statements] + options
        _ = try await publisher.sign(command + publisher.keys(["a"])).succeeded()
    }

    private func update(_ options: String...) async throws -> Ended {
        let command = ["trust", "update", "--cacert", scene.certificates.authority]
        return try await scene.run(.secure, command + options, by: .reader)
    }

    @Test func `An update asks the server that a statement was accepted from`() async throws {
        let fingerprint = try await publisher.makeStatement()
        let worker = try await scene.worker(root: publisher.root)
        let add = ["trust", "add", worker.url + "publishers/acme/1.json", "--fingerprint", fingerprint]
        try await scene.must(.secure, add + ["--cacert", scene.certificates.authority], by: .reader)
        try await next()
        #expect(try await update().succeeded().text.contains("acme: statement 2 is 1 later"))
        // One that is named is asked instead.
        try await next()
        try await update("--server", "https://127.0.0.1:1/").failed(69, saying: "127.0.0.1:1")
        #expect(try await update("acme").succeeded().text.contains("acme: statement 3 is 1 later"))
        _ = try await worker.stop()
        try await update().failed(69, saying: "cannot fetch a publisher statement")
    }

    @Test(.fakesTheClock)
    func `An update says that the last statement has expired`() async throws {
        let fingerprint = try await publisher.makeStatement()
        _ = try await publisher.pin(fingerprint).succeeded()
        try await next("sign", ["--expires", "30d"])
        let command = ["trust", "update", "--from", publisher.statements]
        let ended = try await publisher.run(.secure, command, by: .reader, at: "+31d")
        try ended.failed([65], saying: ["statement of version 2", "expired"])
        _ = try await publisher.run(.secure, command, by: .reader).succeeded()
    }

    @Test func `An update asks the server that has given what the publisher signed`() async throws {
        let fingerprint = try await publisher.makeStatement()
        _ = try await publisher.pin(fingerprint).succeeded()
        try await publisher.publish(noise(1_000))
        let worker = try await scene.worker(root: publisher.root)
        let unknown = try await update().failed([64], saying: ["not known where", "acme"])
        #expect(unknown.hint.contains("--server") && unknown.hint.contains("--from"))
        // Without state nothing is noted.
        let warned = try await publisher.get(worker.url, ["--no-state"]).succeeded()
        #expect(warned.errors.contains("rollback protection is off"))
        try await update().failed(64, saying: "not known where")
        // Nor is an address whose query may be a secret.
        let queried = ["get", worker.url + "manifests/tool.json?token=secret", "-o", scene.path("queried")]
        try await scene.must(.secure, queried + ["--cacert", scene.certificates.authority], by: .reader)
        try await update().failed(64, saying: "not known where")
        _ = try await publisher.get(worker.url).succeeded()
        try await next()
        // Another publisher of whom no server is known keeps nobody from this one's statements.
        let other = scene.path("other")
        let made = ["publisher", "init", "abel", "-o", other] + (try await publisher.keys(["z"]))
        let text = try await publisher.sign(made).succeeded().text
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("fingerprint ") })
        let add = ["trust", "add", other + "/1.json", "--fingerprint", String(line.dropFirst("fingerprint ".count))]
        try await scene.must(.secure, add, by: .reader)
        let both = try await update()
        try both.failed(64, saying: "not known where the statements of abel")
        #expect(both.text.contains("acme: statement 2 is 1 later"))
    }

    @Test(arguments: ["403 Forbidden", "200 OK"])
    func `A server that refuses what it lacks, or has a page for it, has no next statement`(status: String) async throws
    {
        let fingerprint = try await publisher.makeStatement()
        _ = try await publisher.pin(fingerprint).succeeded()
        let manifest = try await publisher.publish(noise(1_000))
        let server = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            guard request.target.hasPrefix("/manifests/tool.json") else {
                let page = "<!DOCTYPE html><html><body>not here</body></html>"
                return try await reply.send(status: status, body: Array(page.utf8))
            }
            let suffix = request.target.hasSuffix(".minisig") ? ".minisig" : ""
            try await reply.send(status: "200 OK", body: Files.read(manifest + suffix))
        }
        let inspect = ["inspect", server.url + "manifests/tool.json", "--cacert", scene.certificates.authority]
        #expect(try await scene.run(.secure, inspect, by: .reader).succeeded().text.contains("signed by acme"))
        #expect(server.requests.contains { $0.target == "/publishers/acme/2.json" })
    }

    @Test func `Another server that is named is asked too`() async throws {
        let fingerprint = try await publisher.makeStatement()
        _ = try await publisher.pin(fingerprint).succeeded()
        let manifest = try await publisher.publish(noise(1_000), keys: ["a"])
        let stale = scene.path("stale")
        for suffix in ["", ".minisig"] { try Files.copy(manifest + suffix, to: stale + "/tool.json" + suffix) }
        try Files.copy(publisher.root + "/tool.bin", to: stale + "/tool.bin")
        try await next("add-key", [publisher.pub("b")])
        let remove = ["publisher", "remove-key", publisher.statements, try await publisher.id("a")]
        _ = try await publisher.sign(remove + publisher.keys(["a", "b"])).succeeded()
        let (old, new) = try await (scene.worker(root: stale), scene.worker(root: publisher.root))
        try await publisher.get(old.url, ["--server", new.url]).failed(65, saying: "acme has removed")
    }
}
