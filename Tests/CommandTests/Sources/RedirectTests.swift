import Synchronization
import TestSupport
import Testing

@Suite("Sources that redirect")
struct RedirectTests {
    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(3_000_000, seed: 12), chunkSize: 65_536)
    }

    private func check(_ output: String) throws {
        #expect(try Files.hold(scene.path(output), published.bytes))
    }

    /// What a redirector is asked for beside its target: one request a chunk.
    @Test(arguments: [301, 302, 303, 307, 308])
    func `A worker that leads to another port, by each of the five statuses`(status: Int) async throws {
        let worker = try await scene.worker(root: published.root)
        let redirector = try await NginxServers.start(in: scene) { _ in
            ["location / { return \(status) https://127.0.0.1:\(worker.port)$request_uri; }"]
        }
        let result = try await scene.get(published.manifest, to: scene.path("copy"), from: [redirector.url()])
        let done = try result.done()
        try check("copy")
        #expect(done.sources.count == 1)
        #expect(try done.source(redirector.url()).chunks == published.chunkCount)
        let asked = try redirector.requests()
        #expect(asked.count == published.chunkCount, "\(asked)")
        let told = result.lines.filter { $0.contains("\"redirected\"") }
        #expect(told.count == 1, "\(told)")
        #expect(told.first?.contains("https://127.0.0.1:\(worker.port)\"") == true, "\(told)")
    }

    enum Way: String, CaseIterable, Sendable {
        case path, host, relative, back, five
    }

    @Test(arguments: Way.allCases)
    func `A mirror that leads elsewhere is asked once for a file`(way: Way) async throws {
        let file = "/data.bin"
        let nginx = try await NginxServers.start(in: scene, servers: 2) { ports in
            let there = "https://\(way == .host ? "localhost" : "127.0.0.1"):\(ports[1])"
            let files = "location /store/ { alias \(published.root)/; }"
            let first =
                switch way {
                case .path: "location / { return 302 https://127.0.0.1:\(ports[0])/store$uri; } \(files)"
                case .relative: "location / { return 302 store$uri; } \(files)"
                case .host: "location / { return 302 \(there)/store$uri; }"
                case .back: "location = \(file) { return 302 \(there)/on$uri; } \(files)"
                case .five:
                    (1...4).map { "location /\($0)/ { return 307 /\($0 + 1)/; }" }.joined(separator: " ")
                        + "location /5/ { return 307 \(there)/store\(file); } location / { return 307 /2/; }"
                }
            let back = "location /on/ { return 307 https://127.0.0.1:\(ports[0])/store\(file); }"
            return [first, "\(files) \(back)"]
        }
        let mirror = nginx.url()
        let result = try await scene.get(published.manifest, to: scene.path("copy"), from: [], ["--mirror", mirror])
        let done = try result.done()
        try check("copy")
        #expect(try done.source(mirror).chunks == published.chunkCount)
        let asked = try nginx.requests(0).filter { !$0.target.hasPrefix("/store/") }
        #expect(asked.filter { $0.target == file }.count == 1, "\(asked.map(\.target))")
    }

    @Test func `A mirror of a folder is asked once for each file`() async throws {
        let folder = scene.path("whole/folder")
        for number in 0..<12 { try Files.write(noise(200_000, seed: UInt64(number)), to: "\(folder)/f\(number)") }
        let manifest = try await scene.sign(folder, ["--chunk-size", "64KiB"])
        let nginx = try await NginxServers.start(in: scene, servers: 2) { ports in
            ["location / { return 302 https://127.0.0.1:\(ports[1])$uri; }", "root \(folder);"]
        }
        let output = scene.path("copy")
        let options = ["--mirror", nginx.url()]
        _ = try await scene.get(manifest, to: output, from: [], options).done()
        #expect(try await scene.run(.system("diff"), ["-r", folder, output], by: .reader).code == 0)
        #expect(try nginx.requests(0).count == 12)
    }

    enum Bad: String, CaseIterable, Sendable {
        case loop, plain, long, nowhere, dead, untrusted, lacking
    }

    @Test(arguments: Bad.allCases)
    func `What is not followed is called what it is`(bad: Bad) async throws {
        let place = scene.path("other")
        try Files.makeDirectory(place)
        let other = try await Certificates.ofAnotherAuthority().makeServer(in: place)
        let nginx = try await NginxServers.start(in: scene, servers: 2) { ports in
            let first =
                switch bad {
                case .loop: "location / { return 302 https://127.0.0.1:\(ports[0])$uri/../x; }"
                case .plain: "location / { return 302 http://127.0.0.1:\(ports[1])$uri; }"
                case .long: "location / { return 302 /x$uri; }"
                case .nowhere: "location / { return 300; }"
                case .dead: "location / { return 302 https://127.0.0.1:1$uri?token=s3cret; }"
                case .untrusted, .lacking: "location / { return 302 https://127.0.0.1:\(ports[1])$uri?token=s3cret; }"
                }
            let certificate = "ssl_certificate \(other); ssl_certificate_key \(place)/leaf.key;"
            return [first, bad == .untrusted ? certificate : "root \(place);"]
        }
        let result = try await scene.get(published.manifest, to: scene.path("copy"), from: [nginx.url()])
        let target = "led to https://127.0.0.1:\(nginx.ports[1])/chunks/"
        switch bad {
        case .loop: try result.failed(69, saying: "in a circle")
        case .plain: try result.failed(69, saying: "redirects to http,")
        case .long: try result.failed(69, saying: "more than 5 times")
        case .nowhere: try result.failed(69, saying: "answered 300")
        case .dead: try result.failed(69, saying: "led to https://127.0.0.1:1/chunks/", "Connection refused")
        case .untrusted: try result.failed(77, saying: target, "TLS: the certificate is signed by")
        case .lacking: try result.failed(69, saying: target, "does not have it")
        }
        #expect(!(result.ended.text + result.ended.errors).contains("s3cret"))
    }

    @Test func `A redirector that closes behind each answer`() async throws {
        let worker = try await scene.worker(root: published.root)
        let redirector = try await NginxServers.start(in: scene) { _ in
            ["keepalive_timeout 0; location / { return 302 https://127.0.0.1:\(worker.port)$request_uri; }"]
        }
        let result = try await scene.get(published.manifest, to: scene.path("copy"), from: [redirector.url()])
        #expect(try result.done().source(redirector.url()).failed == 0)
        try check("copy")
    }

    @Test func `A target that closes behind each answer`() async throws {
        let nginx = try await NginxServers.start(in: scene, servers: 2) { ports in
            let there = "keepalive_requests 1; root \(published.root);"
            return ["location / { return 302 https://127.0.0.1:\(ports[1])$uri; }", there]
        }
        let mirror = nginx.url()
        let result = try await scene.get(published.manifest, to: scene.path("copy"), from: [], ["--mirror", mirror])
        #expect(try result.done().source(mirror).failed == 0)
        try check("copy")
        #expect(try nginx.requests(0).count == 1)
    }

    /// As a presigned URL's: it is good for some requests, and then no more.
    @Test func `A remembered address that has expired is asked for again`() async throws {
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        let uses = SharedMutex<[String: Int]>([:])
        let target = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            let parts = request.target.split(separator: "?")
            let count = uses.withLock { uses in
                uses[String(parts[1]), default: 0] += 1
                return uses[String(parts[1])] ?? 0
            }
            guard count <= 5 else { return try await reply.send(status: "403 Forbidden", body: []) }
            let plain = FaultServer.Request(
                method: request.method,
                target: "/files" + parts[0],
                headers: request.headers
            )
            try await tree.answer(plain, reply)
        }
        let port = target.port
        let number = SharedMutex(0)
        let redirector = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            let token = number.withLock { number in
                number += 1
                return number
            }
            let location = "Location: https://127.0.0.1:\(port)\(request.target)?token=\(token)"
            try await reply.send(status: "307 Temporary Redirect", headers: [location], body: [])
        }
        let options = ["--mirror", redirector.url, "--connections", "1"]
        let result = try await scene.get(published.manifest, to: scene.path("copy"), from: [], options)
        #expect(try result.done().source(redirector.url).failed == 0)
        try check("copy")
        #expect(redirector.requests.count > 1)
        #expect(!(result.ended.text + result.ended.errors).contains("token"))
    }

    @Test func `The target sees nothing that is meant for the source`() async throws {
        let client = scene.certificates.client("alice")
        let asked = "ssl_verify_client optional_no_ca;"
        let nginx = try await NginxServers.start(in: scene, servers: 2) { ports in
            let there = "https://127.0.0.1:\(ports[1])"
            return ["\(asked) location / { return 302 \(there)$uri; }", "\(asked) root \(published.root);"]
        }
        let options = ["--mirror", nginx.url(), "--cert", client.certificate, "--key", client.key]
        _ = try await scene.get(published.manifest, to: scene.path("copy"), from: [], options).done()
        try check("copy")
        #expect(try nginx.requests(0).allSatisfy { $0.certificate != "NONE" })
        let seen = try nginx.requests(1)
        #expect(!seen.isEmpty)
        for request in seen {
            #expect(request.certificate == "NONE" && request.authorization == "-" && request.cookie == "-")
            #expect(request.target == "/data.bin")
        }
    }

    @Test func `A pin is the source's: the target needs a chain and no more`() async throws {
        let place = scene.path("leaf")
        try Files.makeDirectory(place)
        let leaf = try await scene.certificates.makeServer(in: place)
        let nginx = try await NginxServers.start(in: scene, servers: 2) { ports in
            let own = "ssl_certificate \(leaf); ssl_certificate_key \(place)/leaf.key; root \(published.root);"
            return ["location / { return 302 https://127.0.0.1:\(ports[1])$uri; }", own]
        }
        let pin = try await Certificates.pin(of: scene.certificates.server, in: scene)
        let options = ["--mirror", nginx.url(), "--pin", pin]
        _ = try await scene.get(published.manifest, to: scene.path("copy"), from: [], options).done()
        try check("copy")
    }

    @Test func `A manifest and its signature that lie elsewhere`() async throws {
        let worker = try await scene.worker(root: published.root)
        let redirector = try await NginxServers.start(in: scene) { _ in
            ["location / { return 301 https://127.0.0.1:\(worker.port)$request_uri; }"]
        }
        let manifest = redirector.url() + "manifests/data.bin.json"
        let result = try await scene.get(manifest, to: scene.path("copy"), from: [])
        _ = try result.done()
        try check("copy")
        let asked = try redirector.requests().map(\.target).filter { $0.hasPrefix("/manifests/") }
        #expect(asked == ["/manifests/data.bin.json", "/manifests/data.bin.json.minisig"])
        #expect(result.lines.contains { $0.contains("\"redirected\"") && $0.contains("data.bin.json") })
    }

    @Test(arguments: ["http://127.0.0.1:1$uri", "https://127.0.0.1:1$uri"])
    func `A manifest's redirect that cannot be followed is named`(location: String) async throws {
        let redirector = try await NginxServers.start(in: scene) { _ in ["location / { return 301 \(location); }"] }
        let manifest = redirector.url() + "manifests/data.bin.json"
        let result = try await scene.get(manifest, to: scene.path("copy"), from: [])
        let reason = location.hasPrefix("http:") ? "redirects to http," : "led to https://127.0.0.1:1/manifests/"
        try result.failed(69, saying: "127.0.0.1:\(redirector.ports[0])", reason)
    }
}
