import TestSupport
import Testing

@Suite("A web page where something else was due")
struct WebPageCommandTests {
    private static let page = Array("<!doctype html><title>Welcome</title><p>Please log in first.</p>".utf8)
    private static let length = page.count

    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(200_000), chunkSize: 65_536)
    }

    /// What a network with a login page has for every path that `isPage` names; the right answer for others.
    private func portal(
        _ headers: [String] = ["Content-Type: text/html; charset=utf-8"],
        _ isPage: @escaping @Sendable (String) -> Bool
    ) async throws -> FaultServer {
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        let (manifest, signature) = (
            try Files.read(published.manifest), try Files.read(published.manifest + ".minisig")
        )
        return try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            switch request.target {
            case let target where isPage(target):
                try await reply.send(status: "200 OK", headers: headers, body: Self.page)
            case "/manifests/data.bin.json": try await reply.send(status: "200 OK", body: manifest)
            case "/manifests/data.bin.json.minisig": try await reply.send(status: "200 OK", body: signature)
            default: try await tree.answer(request, reply)
            }
        }
    }

    private func get(_ manifest: String, _ options: [String] = []) async throws -> Ended {
        let arguments = try await ["get", manifest, "-o", scene.path("copy")] + scene.acceptance() + options
        return try await scene.run(.secure, arguments, by: .reader)
    }

    @Test(arguments: [["Content-Type: text/html"], [], ["Content-Type: application/json"]])
    func `Of a manifest: called that, with what to do about it`(headers: [String]) async throws {
        let portal = try await portal(headers) { _ in true }
        let ended = try await get(portal.url + "manifests/data.bin.json")
        let host = "127.0.0.1:\(portal.port)"
        let told = try ended.failed(
            [69],
            saying: ["cannot fetch the manifest from \(host)", "web page of \(Self.length) bytes"]
        )
        #expect(told.hint.contains("https://\(host)/ in a browser"), "\(told.hint)")
        // Nothing was asked again as if it were half of a pair.
        #expect(portal.requests.count == 1)
    }

    @Test func `Of a signature: no bad signature, and not asked for again`() async throws {
        let portal = try await portal { $0.hasSuffix(".minisig") }
        let ended = try await get(portal.url + "manifests/data.bin.json")
        try ended.failed(69, saying: "cannot fetch the manifest's signature", "web page of \(Self.length) bytes")
        #expect(portal.requests.count == 2)
    }

    @Test func `Of an index`() async throws {
        let portal = try await portal { _ in true }
        try await get(portal.url).failed(
            69,
            saying: "cannot fetch the index of manifests",
            "web page of \(Self.length) bytes"
        )
    }

    @Test func `Where a redirect led, as networks with a login page do it`() async throws {
        let server = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            guard request.target.hasPrefix("/login") else {
                return try await reply.send(status: "302 Found", headers: ["Location: /login?from=x"], body: [])
            }
            try await reply.send(status: "200 OK", headers: ["Content-Type: text/html"], body: Self.page)
        }
        for path in ["", "latest", "manifests/data.bin.json"] {
            let ended = try await get(server.url + path)
            try ended.failed(69, saying: "led to \(server.url)login", "web page of \(Self.length) bytes")
        }
    }

    @Test func `Of chunks and ranges: named, and the rest comes from elsewhere`() async throws {
        let portal = try await portal { $0.hasPrefix("/chunks/") || $0.hasPrefix("/files/") }
        for option in ["--server", "--mirror"] {
            let url = option == "--server" ? portal.url : portal.url + "files/"
            let alone = try await get(published.manifest, [option, url])
            try alone.failed(69, saying: "web page of \(Self.length) bytes")
        }
        let worker = try await scene.worker(root: published.root)
        let both = try await get(published.manifest, ["--server", portal.url, "--server", worker.url])
        #expect(both.code == 0, "\(both.errors)")
        #expect(try Files.hold(scene.path("copy"), published.bytes))
    }

    /// Servers label what they store as they like.
    @Test func `What is labelled as a page and is none is taken`() async throws {
        let (manifest, signature) = (
            try Files.read(published.manifest), try Files.read(published.manifest + ".minisig")
        )
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        let html = ["Content-Type: text/html"]
        let server = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            switch request.target {
            case "/manifests/data.bin.json": try await reply.send(status: "200 OK", headers: html, body: manifest)
            case "/manifests/data.bin.json.minisig":
                try await reply.send(status: "200 OK", headers: html, body: signature)
            default: try await reply.send(status: "200 OK", headers: html, body: tree.bytes(for: request) ?? [])
            }
        }
        let ended = try await get(server.url + "manifests/data.bin.json")
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(try Files.hold(scene.path("copy"), published.bytes))
    }

    /// A TLS failure stays what it is: a page is read only from whom the reader asked for.
    @Test func `A portal without the right certificate is a matter of TLS`() async throws {
        let place = scene.path("leaf")
        try Files.makeDirectory(place)
        let certificate = try await Certificates.ofAnotherAuthority().makeServer(in: place)
        let portal = try await FaultServer.start(certificate: certificate) { _, reply in
            try await reply.send(status: "200 OK", headers: ["Content-Type: text/html"], body: Self.page)
        }
        try await get(portal.url).failed(77, saying: "certificate")
    }

    @Test func `--cacert takes a server's own certificate, as curl does`() async throws {
        let place = scene.path("leaf")
        try Files.makeDirectory(place)
        let chain = try await scene.certificates.makeServer(in: place)
        let leaf = place + "/alone.pem"
        try await scene.must(.system("openssl"), ["x509", "-in", chain, "-out", leaf], by: .publisher)
        let worker = try await scene.worker(root: published.root, certificate: chain)
        let other = try await scene.worker(root: published.root)
        let key = try await scene.publisherKey()
        func get(_ worker: Worker) async throws -> Ended {
            let output = scene.path("by leaf \(worker.port)")
            let options = ["-o", output, "--publisher-key", key, "--cacert", leaf]
            return try await scene.run(.secure, ["get", worker.url] + options, by: .reader)
        }
        let ended = try await get(worker)
        #expect(ended.code == 0, "\(ended.errors)")
        try await get(other).failed(77, saying: "unknown authority")
        let curl = ["-sS", "--cacert", leaf, worker.url + "healthz"]
        #expect(try await scene.run(.system("curl"), curl, by: .reader).code == 0)
    }
}
