import FoundationEssentials
import TestSupport

/// A real nginx that keeps the chunks of a worker behind it.
final class Cache: Sendable {
    private let server: Nginx
    private let worker: Worker

    var url: String { server.url }

    private init(_ server: Nginx, _ worker: Worker) {
        self.server = server
        self.worker = worker
    }

    static func start(before worker: Worker, in scene: Scene) async throws -> Cache {
        let server = try await Nginx.start(
            in: scene,
            http: { place in
                """
                log_format requests '$upstream_cache_status $uri';
                access_log \(place)/access requests;
                proxy_cache_path \(place)/cache keys_zone=chunks:1m;
                upstream origin { server 127.0.0.1:\(worker.port); keepalive 4; }
                """
            },
            server: """
                location /chunks/ {
                    proxy_pass https://origin;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_ssl_trusted_certificate \(scene.certificates.authority);
                    proxy_ssl_verify on;
                    proxy_ssl_name localhost;
                    proxy_cache chunks;
                    proxy_cache_lock on;
                    proxy_cache_lock_timeout 60s;
                    proxy_cache_bypass $http_cache_control;
                }
                """
        )
        return Cache(server, worker)
    }

    /// One line a request: what the cache had, as nginx calls it (HIT, MISS, BYPASS), and the path.
    func requests() throws -> [String] {
        let text = String(decoding: try Files.read(server.place + "/access"), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }

    /// How many of them went on to the worker.
    func originRequests() throws -> Int {
        try requests().count { !$0.hasPrefix("HIT ") }
    }

    /// Flips a bit in the last byte of a chunk that is kept.
    /// - Parameter number: which one, in the order of the files' names.
    func rot(_ number: Int) throws {
        let path = server.place + "/cache"
        let file = path + "/" + (try Files.list(path).sorted()[number])
        var bytes = try Files.read(file)
        bytes[bytes.count - 1] ^= 1
        try Files.write(bytes, to: file)
    }
}
