import TestSupport
import Testing

/// Registries and token services that do what a script says: who sees which secret, and what is told of what goes wrong.
@Suite("Tokens for a registry")
struct TokenTests {
    private let scene: Scene
    private let published: Published
    private let tree: HonestTree
    private let netrc: String

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(4_000_000), chunkSize: 65_536)
        tree = try HonestTree(manifest: published.manifest, root: published.root)
        netrc = scene.path("netrc")
        let login = "machine localhost login \(Secrets.user) password \(Secrets.password)\n"
        try Files.write(Array(login.utf8), to: netrc)
    }

    private func server(_ script: @escaping FaultServer.Script) async throws -> FaultServer {
        try await FaultServer.start(certificate: scene.certificates.server, script)
    }

    /// Gives out `hunter2-1`, `hunter2-2` and so on.
    private func service() async throws -> FaultServer {
        let count = SharedMutex(0)
        return try await server { request, reply in
            let number = count.withLock { count in
                count += 1
                return count
            }
            try await reply.send(status: "200 OK", body: Array("{\"token\": \"hunter2-\(number)\"}".utf8))
        }
    }

    /// The blob that a request asks for.
    private static func blob(_ request: FaultServer.Request, _ tree: HonestTree) -> [UInt8]? {
        request.target.split(separator: ":").last.map { $0.prefix { $0 != "?" } }.flatMap { tree.chunk(String($0)) }
    }

    private static func challenge(_ realm: String) -> String {
        "WWW-Authenticate: Bearer realm=\"\(realm)\",service=\"s\",scope=\"repository:a:pull\""
    }

    /// Wants a token of the service at `realm`. Each is good for so many requests.
    /// - Parameter send: what is done with a request that bears one.
    private func registry(
        _ realm: String,
        uses: Int = .max,
        send: (@Sendable (FaultServer.Request, FaultServer.Reply) async throws -> Void)? = nil
    ) async throws -> FaultServer {
        let used = SharedMutex<[String: Int]>([:])
        return try await server { [tree] request, reply in
            let shown = request["authorization"] ?? ""
            let isGood = used.withLock { used in
                used[shown, default: 0] += 1
                return shown.hasPrefix("Bearer hunter2") && used[shown, default: 0] <= uses
            }
            guard isGood else {
                let page = Array("{\"errors\":[{\"code\":\"UNAUTHORIZED\"}]}".utf8)
                return try await reply.send(status: "401 Unauthorized", headers: [Self.challenge(realm)], body: page)
            }
            if let send { return try await send(request, reply) }
            guard let blob = Self.blob(request, tree) else {
                return try await reply.send(status: "404 Not Found", body: [])
            }
            try await reply.send(status: "200 OK", body: blob)
        }
    }

    private func get(_ options: [String], to output: String = "copy", of manifest: String? = nil) async throws
        -> GetResult
    {
        let result = try await scene.get(manifest ?? published.manifest, to: scene.path(output), from: [], options)
        for secret in Secrets.all {
            #expect(!(result.ended.text + result.ended.errors).contains(secret), "\(result.ended.errors)")
        }
        return result
    }

    private func repository(_ server: FaultServer) -> String { server.url + "v2/a/" }

    @Test(arguments: ["1", "4"])
    func `A token that expires every ten requests is renewed each time, once for all connections`(
        connections: String
    ) async throws {
        let service = try await service()
        let registry = try await registry(service.url, uses: 10)
        let result = try await get(["--oci", repository(registry), "--connections", connections])
        let source = try result.done().source(repository(registry))
        #expect(source.chunks == published.chunkCount)
        #expect(source.failed == 0)
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        // 62 chunks with ten requests a token; what was on its way with one that had just expired may use up the next.
        #expect((7...12).contains(service.requests.count), "\(service.requests.count)")
    }

    @Test func `Nobody but the token service sees the login, nobody but the registry the token`() async throws {
        let store = try await server { [tree] request, reply in
            guard let blob = Self.blob(request, tree) else {
                return try await reply.send(status: "404 Not Found", body: [])
            }
            try await reply.send(status: "200 OK", body: blob)
        }
        let service = try await service()
        let realm = "https://localhost:\(service.port)/token"
        let registry = try await registry(realm) { request, reply in
            let location = "Location: \(store.url.dropLast())\(request.target)?sig=x"
            try await reply.send(status: "307 Temporary Redirect", headers: [location], body: [])
        }
        let field = ["--header", "X-Token: \(Secrets.field)"]
        let result = try await get(["--oci", repository(registry), "--netrc-file", netrc] + field)
        #expect(try result.done().source(repository(registry)).chunks == published.chunkCount)
        #expect(service.requests.map(\.target) == ["/token?service=s&scope=repository%3Aa%3Apull"])
        #expect(service.requests.map { $0["authorization"] } == ["Basic \(Secrets.basic)"])
        #expect(!Secrets.wire(service).contains(Secrets.field))
        #expect(registry.requests.allSatisfy { $0["x-token"] == Secrets.field })
        #expect(!Secrets.wire(registry).contains(Secrets.basic))
        #expect(registry.requests.dropFirst().allSatisfy { $0["authorization"] == "Bearer hunter2-1" })
        #expect(store.requests.count == published.chunkCount)
        for secret in Secrets.all { #expect(!Secrets.wire(store).contains(secret)) }
    }

    @Test func `A registry that only the manifest names gets no token of the reader's login`() async throws {
        let service = try await service()
        let registry = try await registry("https://localhost:\(service.port)/token")
        let manifest = try await scene.sign(published.file, ["--chunk-size", "64KiB", "--oci", repository(registry)])
        _ = try await get(["--netrc-file", netrc], of: manifest).done()
        #expect(service.requests.map { $0["authorization"] } == [nil])
        // Named by the reader, it does.
        _ = try await get(["--netrc-file", netrc, "--oci", repository(registry)], to: "named", of: manifest).done()
        #expect(service.requests.last?["authorization"] == "Basic \(Secrets.basic)")
    }

    @Test func `An authority that only the manifest names opens no token of a login`() async throws {
        let service = try await service()
        let registry = try await registry("https://localhost:\(service.port)/token")
        let authority = ["--ca", scene.certificates.authority]
        let manifest = try await scene.sign(published.file, ["--chunk-size", "64KiB"] + authority)
        let key = try await scene.publisherKey()
        let get = ["get", manifest, "--publisher-key", key, "--json", "--oci", repository(registry)]
        let open = try await scene.run(.secure, get + ["-o", scene.path("open")], by: .reader)
        #expect(open.code == 0, "\(open.errors)")
        #expect(service.requests.map { $0["authorization"] } == [nil])
        let options = ["-o", scene.path("none"), "--netrc-file", netrc]
        let secret = try await scene.run(.secure, get + options, by: .reader)
        try secret.failed(77, saying: "unknown authority")
        #expect(service.requests.count == 1)
    }

    @Test func `A service that is down for a while is asked again`() async throws {
        let count = SharedMutex(0)
        let service = try await server { request, reply in
            let number = count.withLock { count in
                count += 1
                return count
            }
            guard number > 2 else { return try await reply.send(status: "503 Service Unavailable", body: []) }
            try await reply.send(status: "200 OK", body: Array("{\"access_token\": \"hunter2\"}".utf8))
        }
        let registry = try await registry(service.url)
        let source = try await get(["--oci", repository(registry)]).done().source(repository(registry))
        #expect(source.chunks == published.chunkCount)
        #expect(service.requests.count == 3)
    }

    /// What a service answers, and what is then told: exit code, message, hint.
    struct Answer: Sendable, CustomTestStringConvertible {
        let status: String
        var headers: [String] = []
        let body: String
        let code: Int32
        let message: String
        let hint: String

        var testDescription: String { message }
    }

    static let answers = [
        Answer(status: "401 Unauthorized", body: "", code: 77, message: "refused access (401)", hint: "with --netrc"),
        Answer(status: "403 Forbidden", body: "", code: 77, message: "refused access (403)", hint: "with --netrc"),
        Answer(status: "404 Not Found", body: "", code: 69, message: "does not have it", hint: "in a browser"),
        Answer(
            status: "200 OK",
            headers: ["Content-Type: text/html"],
            body: "<!doctype html><title>Login</title>",
            code: 69,
            message: "sent a web page of 35 bytes",
            hint: "the network may want a login"
        ),
        Answer(status: "200 OK", body: "hunter2", code: 69, message: "not JSON with a token", hint: "in a browser"),
        Answer(status: "200 OK", body: "{\"a\": \"hunter2\"}", code: 69, message: "answer has none", hint: "browser"),
        Answer(
            status: "200 OK",
            body: "{\"token\": \"hunter2\\r\\nX: y\"}",
            code: 69,
            message: "cannot be sent in a header field",
            hint: "ask the registry's operator"
        ),
        Answer(
            status: "200 OK",
            body: "{\"token\": \"" + String(repeating: "a", count: 64 << 10) + "\"}",
            code: 69,
            message: "a document of over 65536 bytes",
            hint: "ask the registry's operator"
        ),
        Answer(
            status: "302 Found",
            headers: ["Location: http://127.0.0.1:1/"],
            body: "",
            code: 69,
            message: "redirects to http",
            hint: "https"
        ),
        Answer(
            status: "200 OK",
            body: "{\"token\": \"hunted\"}",
            code: 77,
            message: "does not take the token of",
            hint: "it wants a login"
        ),
    ]

    @Test(arguments: answers) func `What is told where there is no token`(answer: Answer) async throws {
        let service = try await server { _, reply in
            try await reply.send(status: answer.status, headers: answer.headers, body: Array(answer.body.utf8))
        }
        let registry = try await registry(service.url + "token?key=hunter2")
        let told = try await get(["--oci", repository(registry)]).failed(answer.code, saying: answer.message)
        #expect(told.hint?.contains(answer.hint) == true, "\(told.hint ?? "-")")
        #expect(service.requests.count == 1)
        // The first request, and for a token that is not taken the one after it.
        #expect((1...8).contains(registry.requests.count))
        #expect(!Files.exists(scene.path("copy")))
    }

    @Test(
        arguments: [
            ("Bearer realm=\"http://localhost:1/token\"", 69, "http address"),
            ("Bearer service=\"x\"", 69, "names no address of https"),
            ("Basic realm=\"x\"", 77, "refused access (401)"),
            ("Negotiate", 77, "refused access (401)"), ("Bearer realm=\"", 69, "names no address of https"),
        ] as [(String, Int32, String)]
    )
    func `A challenge that cannot be met`(challenge: String, code: Int32, message: String) async throws {
        let registry = try await server { _, reply in
            let field = ["WWW-Authenticate: \(challenge)"]
            try await reply.send(status: "401 Unauthorized", headers: field, body: [])
        }
        try await get(["--oci", repository(registry)]).failed(code, saying: message)
        // With somebody else to ask, the rest comes from there.
        let worker = try await scene.worker(root: published.root)
        let both = try await get(["--oci", repository(registry), "--server", worker.url], to: "both")
        #expect(try both.done().source(worker.url).chunks == published.chunkCount)
    }

    @Test func `Basic authentication: the registry's own host in the netrc file`() async throws {
        let registry = try await server { [tree] request, reply in
            guard request["authorization"] == "Basic \(Secrets.basic)" else {
                let field = ["WWW-Authenticate: Basic realm=\"Registry\""]
                return try await reply.send(status: "401 Unauthorized", headers: field, body: [])
            }
            try await reply.send(status: "200 OK", body: Self.blob(request, tree) ?? [])
        }
        let url = "https://localhost:\(registry.port)/v2/a/"
        let bare = try await get(["--oci", url], to: "none").failed(77, saying: "refused access (401)")
        #expect(bare.hint?.contains("--netrc") == true)
        let source = try await get(["--oci", url, "--netrc-file", netrc]).done().source(url)
        #expect(source.chunks == published.chunkCount)
        #expect(source.failed == 0)
    }

    @Test func `A registry that closes behind each answer, and one service for two repositories`() async throws {
        let service = try await service()
        let closing = try await server { [tree] request, reply in
            defer { reply.close() }
            guard request["authorization"]?.hasPrefix("Bearer") == true else {
                let headers = [Self.challenge(service.url), "Connection: close"]
                return try await reply.send(status: "401 Unauthorized", headers: headers, body: [])
            }
            let blob = Self.blob(request, tree) ?? []
            try await reply.send(status: "200 OK", headers: ["Connection: close"], body: blob)
        }
        let registry = try await registry(service.url)
        let result = try await get(["--oci", repository(closing), "--oci", repository(registry)])
        let done = try result.done()
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        for server in [closing, registry] {
            let source = try done.source(repository(server))
            #expect(source.chunks > 0)
            #expect(source.failed == 0, "\(source.reason ?? "-")")
        }
        #expect(service.requests.count == 2)
    }

    @Test(arguments: ["https://127.0.0.1:1/", "https://127.0.0.1:1/v2/", "http://127.0.0.1/v2/a/", "oci://h/A", "x"])
    func `What is no repository`(text: String) async throws {
        let told = try await get(["--oci", text]).failed(64, saying: "--oci", "cannot be a repository")
        #expect(told.hint?.contains("oci://HOST/NAME") == true)
        let signing = try await scene.run(.sign, ["manifest", published.file, "--oci", text], by: .publisher)
        #expect(signing.code == 64)
        #expect(signing.errors.contains("cannot be a repository"))
    }
}
