import TestSupport
import Testing

/// Who is shown a login, a token or a query: seen from the servers.
@Suite("Credentials")
struct CredentialCommandTests {
    private let scene: Scene
    private let published: Published
    private let tree: HonestTree

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(400_000), chunkSize: 65_536)
        tree = try HonestTree(manifest: published.manifest, root: published.root)
        let netrc = "machine localhost login \(Secrets.user) password \(Secrets.password)\ndefault login a password b\n"
        try Files.write(Array(netrc.utf8), to: scene.home(of: .reader) + "/.netrc")
    }

    private func server(
        _ script: @escaping FaultServer.Script
    ) async throws -> FaultServer {
        try await FaultServer.start(certificate: scene.certificates.server, script)
    }

    private func honest() async throws -> FaultServer {
        try await server { [tree] request, reply in try await tree.answerAnyQuery(request, reply) }
    }

    /// Has each third chunk alone, so that none of three can be done without.
    private func holder(of part: Int) async throws -> FaultServer {
        try await server { [tree] request, reply in
            let digest = request.target.prefix { $0 != "?" }.split(separator: "/").last ?? ""
            guard let chunk = tree.digests.firstIndex(of: String(digest)), chunk % 3 == part else {
                return try await reply.send(status: "404 Not Found", body: [])
            }
            try await tree.answerAnyQuery(request, reply)
        }
    }

    private func get(
        _ manifest: String,
        _ options: [String],
        to output: String = "copy",
        trusting authority: Bool = true,
        environment: [String: String] = [:]
    ) async throws -> GetResult {
        try Files.makeDirectory(scene.path("out"))
        let key = try await scene.publisherKey()
        let trust = ["--publisher-key", key] + (authority ? ["--cacert", scene.certificates.authority] : [])
        let arguments = ["get", manifest, "-o", scene.path("out/" + output), "--json"] + trust + options
        return GetResult(try await scene.start(.secure, arguments, by: .reader, environment: environment).wait())
    }

    /// Nothing of what the reader wrote may hold a secret, but the netrc file, which is the reader's own.
    private func expectNothingTold(_ result: GetResult, sourceLocation: SourceLocation = #_sourceLocation) throws {
        var places = [scene.path("out")]
        places += try Files.list(scene.home(of: .reader)).filter { $0 != ".netrc" }.map {
            scene.home(of: .reader) + "/" + $0
        }
        for place in places {
            let found = try Secrets.found(in: result.ended, and: place)
            #expect(found.isEmpty, "\(found)", sourceLocation: sourceLocation)
        }
    }

    @Test func `A field, a query and a login each go where they belong, and nowhere else`() async throws {
        let (named, byManifest, byName) = try await (holder(of: 0), holder(of: 1), holder(of: 2))
        let other = "https://localhost:\(byName.port)/"
        let manifest = try await scene.sign(
            published.file,
            ["--chunk-size", "64KiB", "--source", byManifest.url, "--source", other]
        )
        let url = "https://127.0.0.1:\(named.port)/?sig=\(Secrets.query)"
        let options = ["--server", url, "--header", "X-Token: \(Secrets.field)", "--netrc", "--connections", "1"]
        let result = try await get(manifest, options)
        let done = try result.done()
        #expect(try Files.read(scene.path("out/copy")) == published.bytes)
        try expectNothingTold(result)
        for source in [named.url, byManifest.url, other] { #expect(try done.source(source).chunks > 0) }
        for request in named.requests {
            #expect(request["x-token"] == Secrets.field)
            #expect(request.target.hasSuffix("?sig=\(Secrets.query)"))
            #expect(request["authorization"] == nil)
        }
        for request in byName.requests {
            #expect(request["authorization"] == "Basic \(Secrets.basic)")
            #expect(request["x-token"] == nil)
        }
        let wire = Secrets.wire(byManifest)
        #expect(!wire.isEmpty)
        for secret in Secrets.all { #expect(!wire.contains(secret)) }
        #expect(!Secrets.wire(byName).contains(Secrets.query))
    }

    @Test func `A manifest's URL: field and query go with it, and with the worker that it is of`() async throws {
        let files = try [".json", ".json.minisig"].map { suffix in
            let path = suffix == ".json" ? published.manifest : published.manifest + ".minisig"
            return ("/manifests/data.bin" + suffix, try Files.read(path))
        }
        let server = try await server { [tree] request, reply in
            guard request["x-token"] == Secrets.field, request.target.hasSuffix("?sig=\(Secrets.query)") else {
                return try await reply.send(status: "401 Unauthorized", body: [])
            }
            let path = String(request.target.prefix { $0 != "?" })
            if let file = files.first(where: { $0.0 == path }) {
                return try await reply.send(status: "200 OK", body: file.1)
            }
            try await tree.answerAnyQuery(request, reply)
        }
        let url = server.url + "manifests/data.bin.json?sig=\(Secrets.query)"
        let fields = scene.path("fields")
        try Files.write(Array("\r\nX-Token: \(Secrets.field)\r\nX-Other: b\r\n".utf8), to: fields)
        let result = try await get(url, ["--header", "@" + fields])
        #expect(try result.done().source(server.url).chunks == published.chunkCount)
        try expectNothingTold(result)
        let without = try await get(url, [], to: "none")
        #expect(try without.failed(77, saying: "401").hint?.contains("--header, --netrc or the URL's query") == true)
        try expectNothingTold(without)
        let bare = try await get(server.url + "manifests/data.bin.json", [], to: "none")
        #expect(try bare.failed(77, saying: "401").hint?.contains("give a token with --header") == true)
    }

    @Test(arguments: ["", "files/data.bin", "manifests/"])
    func `A tree's URL, or a file's: what leads to the manifest is asked with the same secrets`(path: String)
        async throws
    {
        let signature = published.manifest + ".minisig"
        let index = """
            {"format":"fdl-index-v1","manifests":[{"name":"data.bin","version":1,"files":"files/"}]}
            """
        let files = try [
            "/manifests/index.json": Array(index.utf8), "/manifests/data.bin.json": Files.read(published.manifest),
            "/manifests/data.bin.json.minisig": Files.read(signature),
        ]
        let server = try await server { [tree] request, reply in
            guard request["x-token"] == Secrets.field, request.target.hasSuffix("?sig=\(Secrets.query)") else {
                return try await reply.send(status: "401 Unauthorized", body: [])
            }
            if let file = files[String(request.target.prefix { $0 != "?" })] {
                return try await reply.send(status: "200 OK", body: file)
            }
            try await tree.answerAnyQuery(request, reply)
        }
        let url = server.url + path + "?sig=\(Secrets.query)"
        let result = try await get(url, ["--header", "X-Token: \(Secrets.field)"])
        #expect(try result.done().source(server.url).chunks == published.chunkCount)
        #expect(result.ended.text.contains("the manifest is \(server.url)manifests/data.bin.json\""))
        try expectNothingTold(result)
        let without = try await get(url, [], to: "none")
        try without.failed(77, saying: "401")
        try expectNothingTold(without)
    }

    /// Nothing says of a manifest at any other URL what it is named, so what is shown is the file's name.
    @Test func `A note about a manifest's name has no query`() async throws {
        let server = try await server { [published] request, reply in
            let isSignature = request.target.contains(".minisig")
            let path = published.manifest + (isSignature ? ".minisig" : "")
            let isThere = request.target.contains("/other.manifest.json")
            try await reply.send(status: isThere ? "200 OK" : "404 Not Found", body: isThere ? Files.read(path) : [])
        }
        let url = server.url + "x/other.manifest.json?sig=\(Secrets.query).manifest.json"
        let result = try await get(url, [])
        #expect(result.ended.text.contains("other.manifest.json is the manifest of data.bin"))
        try expectNothingTold(result)
    }

    enum Refusal: String, CaseIterable, Sendable {
        case unauthorized, forbidden, missing, wrongBytes, brokenProtocol, redirect, cutOff, unreachable,
            otherCertificate
    }

    @Test(arguments: Refusal.allCases)
    func `No secret is told where it fails`(refusal: Refusal) async throws {
        let chunk = try #require(tree.chunk(tree.digests[0]))
        let server = try await server { request, reply in
            switch refusal {
            case .unauthorized:
                let challenge = "WWW-Authenticate: Basic realm=\"\(request["x-token"] ?? "")\""
                try await reply.send(status: "401 Unauthorized", headers: [challenge], body: [])
            case .forbidden: try await reply.send(status: "403 Forbidden", body: [])
            case .missing: try await reply.send(status: "404 Not Found", body: Array(request.target.utf8))
            case .wrongBytes: try await reply.send(status: "200 OK", body: chunk.map { ~$0 })
            case .brokenProtocol: try await reply.send("HTTP/1.1 999 \(request.target)\r\n\r\n")
            case .redirect:
                let location = "Location: http://127.0.0.1:1\(request.target)"
                try await reply.send(status: "302 Found", headers: [location], body: [])
            case .cutOff, .unreachable, .otherCertificate: try await reply.cutOff()
            }
        }
        let nothing = try ReservedPort()
        let port = refusal == .unreachable ? nothing.number : server.port
        let url = "https://127.0.0.1:\(port)/base?sig=\(Secrets.query)"
        // A source that may come back is waited for; a manifest's server is not.
        let isAskedForManifest = refusal == .cutOff || refusal == .unreachable
        let manifest = "https://127.0.0.1:\(port)/manifests/data.bin.json?sig=\(Secrets.query)"
        // A netrc login for the address too, which is in the way of nothing.
        let login = "machine 127.0.0.1 login \(Secrets.user) password \(Secrets.password)\n"
        let netrc = scene.path("netrc")
        try Files.write(Array(login.utf8), to: netrc)
        let options = ["--server", url, "--header", "X-Token: \(Secrets.field)", "--netrc-file", netrc]
        let result = try await get(
            isAskedForManifest ? manifest : published.manifest,
            options,
            trusting: refusal != .otherCertificate,
            environment: ["ALL_PROXY": "http://me:\(Secrets.proxy)@127.0.0.1:1", "NO_PROXY": "127.0.0.1"]
        )
        #expect(result.code != 0)
        try expectNothingTold(result)
        let isSpokenTo = refusal != .unreachable && refusal != .otherCertificate
        #expect(Secrets.wire(server).contains(Secrets.basic) == isSpokenTo)
    }

    @Test func `An authority that only the manifest names opens no secret`() async throws {
        let server = try await honest()
        let manifest = try await scene.sign(
            published.file,
            ["--chunk-size", "64KiB", "--ca", scene.certificates.authority]
        )
        _ = try await get(manifest, ["--server", server.url], to: "without", trusting: false).done()
        let asked = server.requests.count
        for (number, options) in [
            ["--server", server.url, "--header", "X-Token: \(Secrets.field)"],
            ["--server", "https://localhost:\(server.port)/", "--netrc"],
            ["--server", server.url + "?sig=\(Secrets.query)"],
        ].enumerated() {
            let result = try await get(manifest, options, to: "none\(number)", trusting: false)
            let told = try result.failed(77, saying: "unknown authority")
            #expect(told.hint?.contains("only the manifest's CA vouches for: name that CA with --cacert") == true)
        }
        #expect(server.requests.count == asked)
        let options = ["--server", server.url, "--header", "X-Token: \(Secrets.field)"]
        _ = try await get(manifest, options, to: "trusted").done()
        #expect(server.requests.last?["x-token"] == Secrets.field)
    }

    @Test func `nginx wants a login: netrc gives it, by its file or from home`() async throws {
        let mirror = try await Nginx.withPassword(root: published.root, in: scene)
        let url = "https://localhost:\(mirror.port)/"
        let bare = try await get(published.manifest, ["--mirror", url], to: "none")
        let told = try bare.failed(77, saying: "refused access (401)")
        #expect(told.hint?.contains("--netrc") == true)
        #expect(told.hint?.contains("--header") == true)
        let home = try await get(published.manifest, ["--mirror", url, "--netrc"], to: "home")
        #expect(try home.done().source(url).chunks == published.chunkCount)
        try expectNothingTold(home)
        let file = scene.path("netrc")
        try Files.write(Array("machine localhost login \(Secrets.user) password wrong\n".utf8), to: file)
        let wrong = try await get(published.manifest, ["--mirror", url, "--netrc-file", file], to: "none")
        #expect(try wrong.failed(77, saying: "401").hint?.contains("does not take what") == true)
        // `default` is for no host.
        try Files.write(Array("default login \(Secrets.user) password \(Secrets.password)\n".utf8), to: file)
        let other = try await get(published.manifest, ["--mirror", url, "--netrc-file", file], to: "none")
        try other.failed(77, saying: "401")
        let bearer = ["--mirror", url, "--header", "Authorization: Basic \(Secrets.basic)"]
        _ = try await get(published.manifest, bearer, to: "header").done()
    }

    @Test(
        arguments: [
            ["--header", "hunter2"], ["--header", "X: hunter2\r\nY: z"], ["--header", "X: hunter2\nY: z"],
            ["--header", "Host: hunter2"], ["--header", "Range: hunter2"], ["--header", "content-length: 2"],
            ["--header", "Connection: hunter2"], ["--header", "hunter2 x: y"], ["--header", "X:"],
        ]
    )
    func `What cannot be sent is a usage error, and not shown`(options: [String]) async throws {
        let result = try await get(published.manifest, ["--server", "https://127.0.0.1:1/"] + options)
        #expect(
            try result.failed(64, saying: "--header is not a header field").hint?.contains("NAME: VALUE") == true
        )
        try expectNothingTold(result)
    }

    @Test func `A field in the wrong place is shown without its value`() async throws {
        let field = "Authorization: Bearer hunter2/x"
        let commands: [[String]] = [
            ["get", field], ["get", published.manifest, field], ["verify", published.manifest, field],
            ["get", published.manifest, "--heder", field], ["get", published.manifest, "--cacert", field],
            ["get", published.manifest, "--netrc-file", field], ["get", published.manifest, "--connections", field],
            ["get", published.manifest, "--proxy", field], ["get", published.manifest, "--netrc=" + field],
            ["get", published.manifest, "--header", field, field], ["get", published.manifest, "--server", field],
            ["get", published.manifest, "--pin", field], ["get", published.manifest, "--name", field],
        ]
        for arguments in commands {
            let ended = try await scene.run(.secure, arguments, by: .reader)
            #expect(ended.code != 0, "\(arguments)")
            #expect(!(ended.errors + ended.text).contains("hunter2"), "\(arguments): \(ended.errors)\(ended.text)")
        }
    }

    @Test func `Files that are not there`() async throws {
        try Files.remove(scene.home(of: .reader) + "/.netrc")
        let options = ["--server", "https://127.0.0.1:1/"]
        try await get(published.manifest, options + ["--netrc"]).failed(78, saying: ".netrc", "No such file")
        try await get(published.manifest, options + ["--netrc-file", "/none"]).failed(
            78,
            saying: "/none",
            "No such file"
        )
        try await get(published.manifest, options + ["--header", "@/none"]).failed(78, saying: "/none", "No such file")
        let user = try await get(published.manifest, ["--server", "https://me:hunter2@127.0.0.1:1/"])
        #expect(try user.failed(64, saying: "user name").hint?.contains("--netrc") == true)
    }
}
