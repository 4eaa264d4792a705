import TestSupport
import Testing

/// What docs/comparison.md says of others, on the versions that are installed here.
@Suite("docs/comparison.md")
struct PeerTests {
    enum Peer: String, CaseIterable, Sendable {
        case aria2c, curl, wget2, rclone

        /// What fetches `data.bin` into the directory in which it runs.
        func command(_ server: String, authority: String, resumes: Bool = false) -> [String] {
            let url = server + "files/data.bin"
            return switch self {
            case .aria2c:
                ["--no-conf", "-q", "--ca-certificate=\(authority)", "--file-allocation=none"]
                    + (resumes ? ["-c", url] : [url])
            case .curl: ["-sS", "--cacert", authority, "-O"] + (resumes ? ["-C", "-", url] : [url])
            case .wget2: ["-q", "--ca-certificate=\(authority)"] + (resumes ? ["-c", url] : [url])
            case .rclone:
                ["copy", "-q", "--ca-cert", authority, "--http-url", server + "files/", ":http:data.bin", "."]
            }
        }
    }

    private let scene: Scene
    private let published: Published

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(noise(4 << 20), chunkSize: 1 << 16)
    }

    private func start(_ peer: Peer, _ server: String, resumes: Bool = false) throws -> (RunningProgram, String) {
        let place = scene.path("by " + peer.rawValue)
        try Files.makeDirectory(place)
        let words = peer.command(server, authority: scene.certificates.authority, resumes: resumes)
        return (try scene.start(.system(peer.rawValue), words, by: .stranger, in: place), place)
    }

    /// A server of plain files, with other bytes at one place.
    /// - Parameter more: further directives.
    private func server(_ more: String = "", wrongAt offset: Int? = nil) async throws -> Nginx {
        let root = scene.path("tree \(offset ?? 0)")
        var bytes = published.bytes
        if let offset { bytes[offset] ^= 1 }
        try Files.write(bytes, to: root + "/files/data.bin")
        return try await Nginx.start(
            in: scene,
            http: { "log_format sent '$body_bytes_sent'; access_log \($0)/access sent;" },
            server: "root '\(root)'; \(more)"
        )
    }

    @Test func `Wrong bytes of a server: the others take them, and end with 0`() async throws {
        let liar = try await server(wrongAt: 1_000_000)
        for peer in Peer.allCases {
            let (program, place) = try start(peer, liar.url)
            #expect(try await program.wait().code == 0, "\(peer): \(program.errors)")
            #expect(try Files.size(place + "/data.bin") == published.bytes.count)
            #expect(try !Files.hold(place + "/data.bin", published.bytes))
        }
        let mirror = ["--mirror", liar.url + "files/"]
        try await scene.get(published.manifest, to: scene.path("copy"), from: [], mirror).failed(65, 69)
        #expect(!Files.exists(scene.path("copy")))
    }

    @Test func `Half of a file: the others call it by the name of the whole`() async throws {
        let gate = Gate()
        let tree = try HonestTree(manifest: published.manifest, root: published.root)
        let server = try await FaultServer.start(certificate: scene.certificates.server) { request, reply in
            guard let bytes = tree.bytes(for: request) else {
                return try await reply.send(status: "404 Not Found", body: [])
            }
            let fields = tree.contentRange(request)
            let status = fields.isEmpty ? "200 OK" : "206 Partial Content"
            let head = ["HTTP/1.1 \(status)", "Content-Length: \(bytes.count)"] + fields
            try await reply.send(head.joined(separator: "\r\n") + "\r\n\r\n")
            guard request.method != "HEAD" else { return }
            try await reply.send(Array(bytes[..<(bytes.count / 2)]))
            try await gate.pass()
            try await reply.send(Array(bytes[(bytes.count / 2)...]))
        }
        for peer in Peer.allCases {
            let (program, place) = try start(peer, server.url)
            try await program.until("it has begun") { Files.exists(place + "/data.bin") ? () : nil }
            #expect(program.isRunning)
        }
        let output = scene.path("copy")
        let mirror = ["--mirror", server.url + "files/"]
        let getting = try await scene.startGet(published.manifest, to: output, from: [], mirror)
        try await getting.until("something is written") { Files.exists(output + ".fdl-part") ? () : nil }
        #expect(!Files.exists(output))
        gate.open()
        #expect(try await getting.wait().code == 0)
        #expect(try Files.hold(output, published.bytes))
    }

    @Test func `Damage in what is resumed: they keep it, but for rclone, which begins anew`() async throws {
        let honest = try await server()
        let half = published.bytes.count / 2
        var partial = Array(published.bytes[..<half])
        partial[half / 2] ^= 1
        for peer in Peer.allCases {
            try Files.write(partial, to: scene.path("by " + peer.rawValue) + "/data.bin")
            let (program, place) = try start(peer, honest.url, resumes: true)
            #expect(try await program.wait().code == 0, "\(peer): \(program.errors)")
            #expect(try Files.size(place + "/data.bin") == published.bytes.count)
            #expect(try Files.hold(place + "/data.bin", published.bytes) == (peer == .rclone))
        }
        try Files.write(partial, to: scene.path("copy.fdl-part"))
        let worker = try await scene.worker(root: published.root)
        let done = try await scene.get(published.manifest, to: scene.path("copy"), from: [worker.url]).done()
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        #expect(done.chunks.fetched == published.chunkCount / 2 + 1)
    }

    @Test func `One file from two servers at once: aria2`() async throws {
        // Slow enough that there is something left for the second.
        let servers = [try await server("limit_rate 2m;"), try await server("limit_rate 2m;")]
        let place = scene.path("place")
        try Files.makeDirectory(place)
        let words = ["--no-conf", "-q", "--ca-certificate=\(scene.certificates.authority)", "-s2", "-k1M"]
        // aria2 makes one connection to a host, at whatever ports its servers are.
        let urls = ["127.0.0.1", "localhost"].enumerated().map { number, host in
            "https://\(host):\(servers[number].port)/files/data.bin"
        }
        try await scene.must(.system("aria2c"), words + urls, by: .stranger, in: place)
        #expect(try Files.hold(place + "/data.bin", published.bytes))
        for server in servers { #expect(try !Files.read(server.place + "/access").isEmpty) }
    }
}
