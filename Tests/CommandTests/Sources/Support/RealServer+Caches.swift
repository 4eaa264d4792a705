import TestSupport

extension RealServer {
    /// The caches of the table.
    enum Cache: String, CaseIterable, Sendable {
        case nginx, haproxy, varnish
    }

    /// A cache in front of a worker, with TLS on both sides.
    static func start(_ cache: Cache, before worker: Worker, in scene: Scene) async throws -> [RealServer] {
        switch cache {
        case .nginx: [try await nginxCache(worker, scene)]
        case .haproxy:
            [try await start("haproxy", in: scene) { try haproxy($0, Self.caching(in: $0), origin: worker.port) }]
        case .varnish: try await varnish(worker, scene)
        }
    }

    private static func nginxCache(_ worker: Worker, _ scene: Scene) async throws -> RealServer {
        try await start("nginx", in: scene) { setting in
            try nginx(
                setting,
                setting.place,
                http: "proxy_cache_path \(setting.place)/cache keys_zone=chunks:1m;",
                location: """
                    proxy_pass https://127.0.0.1:\(worker.port);
                    proxy_ssl_trusted_certificate \(setting.authority);
                    proxy_ssl_verify on;
                    proxy_ssl_name localhost;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_cache chunks;
                    proxy_cache_lock on;
                    """
            )
        }
    }

    private static func caching(in setting: Setting) throws -> String {
        """
        cache chunks
            total-max-size 64
            max-object-size 2097152
            process-vary on
        frontend cached
            bind 127.0.0.1:\(setting.port) ssl crt \(try setting.both())
            http-request cache-use chunks
            http-response cache-store chunks
            default_backend origin
        """
    }

    /// - Parameter front: its frontends; its backend `origin` is the worker.
    private static func haproxy(_ setting: Setting, _ front: String, origin: Int) throws -> [String] {
        let conf = try setting.write(
            """
            global
                maxconn 500
                nbthread 1
                tune.bufsize 32768
            defaults
                mode http
                timeout connect 5s
                timeout client 60s
                timeout server 60s
            \(front)
            backend origin
                http-reuse always
                server worker 127.0.0.1:\(origin) ssl verify required ca-file \(setting.authority) verifyhost localhost

            """,
            "conf"
        )
        return ["haproxy", "-db", "-f", conf]
    }

    /// Varnish speaks no TLS: HAProxy does before and behind it.
    private static func varnish(_ worker: Worker, _ scene: Scene) async throws -> [RealServer] {
        let behind = try await start("behind", in: scene) { setting in
            let front = "frontend plain\n    bind 127.0.0.1:\(setting.port)\n    default_backend origin"
            return try haproxy(setting, front, origin: worker.port)
        }
        let cache = try await start("varnish", in: scene) { setting in
            let backend = "vcl 4.1;\nbackend default { .host = \"127.0.0.1\"; .port = \"\(behind.port)\"; }\n"
            let vcl = try setting.write(backend, "vcl")
            return [
                "varnishd", "-F", "-n", setting.place + "/work", "-a", "127.0.0.1:\(setting.port)", "-f", vcl, "-s",
                "malloc,64m", "-j", "none",
            ]
        }
        let before = try await start("before", in: scene) { setting in
            let front = """
                frontend secure
                    bind 127.0.0.1:\(setting.port) ssl crt \(try setting.both())
                    default_backend varnish
                backend varnish
                    http-reuse always
                    server cache 127.0.0.1:\(cache.port)
                """
            return try haproxy(setting, front, origin: worker.port)
        }
        return [before, cache, behind]
    }
}
