import FoundationEssentials
import TestSupport

/// A real nginx with servers of the test's own making, each on a port that it logs by.
final class NginxServers: Sendable {
    /// One line of the log: what was asked, and what came with it.
    struct Request: Sendable, Hashable {
        let port: Int
        /// As it stands in the request line.
        let target: String
        let status: Int
        /// The names of all fields are not known to nginx: these two are the ones that can hold a secret.
        let authorization: String
        let cookie: String
        /// `NONE` without a client certificate.
        let certificate: String
    }

    private let nginx: Nginx

    var ports: [Int] { nginx.ports }

    private init(_ nginx: Nginx) { self.nginx = nginx }

    func url(_ server: Int = 0) -> String { nginx.url(server) }

    /// What a server was asked, in order.
    func requests(_ server: Int = 0) throws -> [Request] {
        String(decoding: try Files.read(nginx.place + "/access"), as: UTF8.self).split(separator: "\n").compactMap {
            line in
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 6, let port = Int(parts[0]), port == ports[server] else { return nil }
            return Request(
                port: port,
                target: parts[1],
                status: Int(parts[2]) ?? 0,
                authorization: parts[3],
                cookie: parts[4],
                certificate: parts[5]
            )
        }
    }

    /// - Parameters:
    ///   - count: how many servers it has.
    ///   - servers: what each does, given the ports of all: what stands in its `server` block beside `listen`.
    static func start(
        in scene: Scene,
        servers count: Int = 1,
        _ servers: ([Int]) -> [String]
    ) async throws -> NginxServers {
        let fields = "$server_port\t$request_uri\t$status\t$http_authorization\t$http_cookie\t$ssl_client_verify"
        return NginxServers(
            try await Nginx.start(
                in: scene,
                servers: count,
                http: { "log_format told '\(fields)'; access_log \($0)/access told;" }
            ) { ports, _ in servers(ports) }
        )
    }
}
