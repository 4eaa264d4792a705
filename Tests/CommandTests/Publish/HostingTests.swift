import Glibc
import TestSupport
import Testing

/// The configurations of `packaging/`, each started as it is.
@Suite("Hosting: servers and caches as docs/hosting.md has them")
struct HostingTests {
    private let scene: Scene
    private let published: Published
    private let tree: String

    init() async throws {
        scene = try await Scene()
        published = try await scene.publish(prose(6 << 20), chunkSize: 65_536)
        tree = scene.path("tree")
        try await scene.publishTree(published.manifest, [tree, "--precompress"]).succeeded()
    }

    /// nginx with the published tree, and a log of what it was asked.
    private func origin() async throws -> Nginx {
        try await Nginx.start(
            in: scene,
            http: { "log_format line '$status $body_bytes_sent $uri'; access_log \($0)/access line;" },
            server: "root \(tree); include \(Program.packaged("nginx/fdl-static.conf"));"
        )
    }

    private func asked(_ origin: Nginx, for place: String) throws -> [Substring] {
        String(decoding: try Files.read(origin.place + "/access"), as: UTF8.self).split(separator: "\n")
            .filter { $0.contains(" /\(place)/") }
    }

    private func get(_ url: String, _ name: String, _ options: [String] = []) async throws -> GetResult {
        try await scene.get(published.manifest, to: scene.path(name), from: [url], options)
    }

    private func head(_ url: String, _ options: [String] = []) async throws -> String {
        let command = ["-sS", "--cacert", scene.certificates.authority, "-o", "/dev/null", "-D", "-"] + options
        return try await scene.must(.system("curl"), command + [url], by: .stranger).text.lowercased()
    }

    /// What a static server has to send with what.
    private func checkStatic(_ url: String) async throws {
        for (number, compress) in ["always", "never"].enumerated() {
            _ = try await get(url, "copy\(number)", ["--compress", compress]).done()
            #expect(try Files.hold(scene.path("copy\(number)"), published.bytes))
        }
        _ = try await scene.get(url, to: scene.path("found"), from: []).done()
        let digest = try #require(try TreeCheck(root: tree).chunks.first)
        let chunk = try await head(url + "chunks/\(digest.prefix(2))/\(digest)", ["-H", "Accept-Encoding: gzip"])
        #expect(chunk.contains("content-encoding: gzip\r\n"), "\(chunk)")
        #expect(chunk.contains("cache-control: public, max-age=31536000, immutable\r\n"), "\(chunk)")
        #expect(chunk.contains("vary: accept-encoding\r\n"), "\(chunk)")
        let manifest = try await head(url + "manifests/data.bin.json")
        #expect(manifest.contains("cache-control: no-cache\r\n"), "\(manifest)")
        #expect(try await head(url + ".fdl/lock").contains(" 404"))
        #expect(try await head(url + "files/data.bin", ["-r", "5-9"]).contains("content-range: bytes 5-9/"))
    }

    @Test func `nginx: a static server`() async throws { try await checkStatic(origin().url) }

    @Test func `Caddy: a static server`() async throws {
        let server = try await RealServer.start("caddy", in: scene) { setting in
            [
                "env", "FDL_SITE=https://127.0.0.1:\(setting.port)", "FDL_ROOT=\(tree)", "FDL_BIND=127.0.0.1",
                "FDL_TLS=\(setting.certificate) \(setting.key)", "caddy", "run", "--adapter", "caddyfile", "--config",
                Program.packaged("caddy/Caddyfile"),
            ]
        }
        try await checkStatic(server.url)
    }

    // MARK: Caches

    private func cache(_ kind: RealServer.Cache, before origin: Nginx) async throws -> (url: String, programs: [Any]) {
        switch kind {
        case .nginx:
            let cache = try await nginxCache(before: origin)
            return (cache.url, [cache])
        case .haproxy:
            let server = try await RealServer.start("haproxy", in: scene) { setting in
                try Self.environment(setting, origin) + [
                    "haproxy", "-db", "-f", Program.packaged("haproxy/fdl-cache.cfg"),
                ]
            }
            return (server.url, [server])
        case .varnish: return try await varnish(before: origin)
        }
    }

    private func nginxCache(before origin: Nginx) async throws -> Nginx {
        try await Nginx.start(
            in: scene,
            http: { place in
                """
                proxy_cache_path \(place)/cache keys_zone=fdl:1m levels=2 use_temp_path=off;
                upstream fdl_origin { server 127.0.0.1:\(origin.port); keepalive 16; }
                proxy_ssl_trusted_certificate \(scene.certificates.authority);
                proxy_ssl_name localhost;
                """
            },
            server: "include \(Program.packaged("nginx/fdl-cache.conf"));"
        )
    }

    private static func environment(_ setting: RealServer.Setting, _ origin: Nginx) throws -> [String] {
        [
            "env", "FDL_LISTEN=127.0.0.1:\(setting.port)", "FDL_CERTIFICATE=\(try setting.both())",
            "FDL_ORIGIN=127.0.0.1:\(origin.port)", "FDL_ORIGIN_NAME=localhost", "FDL_ORIGIN_CA=\(setting.authority)",
        ]
    }

    private func varnish(before origin: Nginx) async throws -> (url: String, programs: [Any]) {
        let (behind, inside) = (try freePort(), try freePort())
        let front = try await RealServer.start("haproxy", in: scene) { setting in
            let ports = ["FDL_VARNISH=127.0.0.1:\(inside)", "FDL_BEHIND=127.0.0.1:\(behind)"]
            let words = ["haproxy", "-db", "-f", Program.packaged("haproxy/fdl-varnish.cfg")]
            return try Self.environment(setting, origin) + ports + words
        }
        let place = scene.path("varnish")
        let backend = "backend default { .host = \"127.0.0.1\"; .port = \"\(behind)\"; }\n"
        try Files.write(Array(backend.utf8), to: place + "/fdl-origin.vcl")
        let program = try scene.start(
            .system("varnishd"),
            [
                "-F", "-n", place + "/work", "-a", "127.0.0.1:\(inside)", "-p", "vcl_path=\(place)", "-f",
                Program.packaged("varnish/fdl.vcl"), "-s", "malloc,64m", "-j", "none",
            ],
            by: .publisher
        )
        try await program.until("varnish listens") { accepts(port: inside) ? () : nil }
        return (front.url, [front, program])
    }

    @Test(arguments: RealServer.Cache.allCases)
    func `The second client's chunks cost the origin nothing, and a rotten one heals`(kind: RealServer.Cache)
        async throws
    {
        let origin = try await origin()
        let cache = try await cache(kind, before: origin)
        // What lies in the cache first is wrong, as if it had rotted there.
        let victim = try #require(try TreeCheck(root: tree).chunks.sorted().first)
        let path = "\(tree)/chunks/\(victim.prefix(2))/\(victim)"
        let right = try Files.read(path)
        // Varnish would take the compressed form.
        try Files.remove(path + ".gz")
        try Files.patch(path, at: 100, with: [0, 0, 0])
        let plain = ["--compress", "never", "--connections", "1"]
        try await get(cache.url, "copy", plain).failed(65, 69)
        try Files.write(right, to: path)
        let healed = try await get(cache.url, "copy", plain).done()
        #expect(try Files.hold(scene.path("copy"), published.bytes))
        #expect(try healed.source(cache.url).corrupt == 1)
        let after = try asked(origin, for: "chunks").count
        let done = try await get(cache.url, "second", plain).done()
        #expect(try Files.hold(scene.path("second"), published.bytes))
        #expect(done.sources.allSatisfy { $0.corrupt == 0 })
        #expect(try asked(origin, for: "chunks").count == after)
        withExtendedLifetime(cache.programs) {}
    }

    @Test func `nginx as a cache of whole files: no byte twice from the origin`() async throws {
        let origin = try await origin()
        let cache = try await nginxCache(before: origin)
        for name in ["one", "two"] {
            let mirror = ["--mirror", cache.url + "files/"]
            _ = try await scene.get(published.manifest, to: scene.path(name), from: [], mirror).done()
            #expect(try Files.hold(scene.path(name), published.bytes))
        }
        let bytes = try asked(origin, for: "files").compactMap { Int($0.split(separator: " ")[1]) }.reduce(0, +)
        #expect(bytes <= published.bytes.count * 12 / 10, "\(bytes)")
    }
}
