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

    private let program: RunningProgram
    private let log: String
    let ports: [Int]

    private init(_ program: RunningProgram, log: String, ports: [Int]) {
        self.program = program
        self.log = log
        self.ports = ports
    }

    func url(_ server: Int = 0) -> String { "https://127.0.0.1:\(ports[server])/" }

    /// What a server was asked, in order.
    func requests(_ server: Int = 0) throws -> [Request] {
        String(decoding: try Files.read(log), as: UTF8.self).split(separator: "\n").compactMap { line in
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

    /// nginx cannot choose ports itself: some that are free now are tried, and others if one was taken meanwhile.
    /// - Parameters:
    ///   - count: how many servers it has.
    ///   - servers: what each does, given the ports of all: what stands in its `server` block beside `listen` and the
    ///     shared certificate.
    static func start(
        in scene: Scene,
        servers count: Int = 1,
        _ servers: ([Int]) -> [String]
    ) async throws -> NginxServers {
        for _ in 0..<10 {
            let ports = try (0..<count).map { _ in try freePort() }
            let place = scene.path("nginx-\(ports[0])")
            try Files.makeDirectory(place)
            let blocks = zip(ports, servers(ports)).map { port, body in
                """
                server {
                    listen 127.0.0.1:\(port) ssl;
                    \(body)
                }
                """
            }
            try Files.write(
                Array(configuration(blocks.joined(separator: "\n"), place: place, scene: scene).utf8),
                to: place + "/conf"
            )
            let program = try scene.start(
                .system("nginx"),
                ["-c", place + "/conf", "-p", place, "-e", place + "/errors"],
                by: .publisher
            )
            let isUp = try await eventually("nginx listens or ends") { () -> Bool? in
                if ports.allSatisfy({ accepts(port: $0) }) { return program.isRunning }
                return program.isRunning ? nil : false
            }
            if isUp { return NginxServers(program, log: place + "/access", ports: ports) }
        }
        throw HarnessError("nginx does not start")
    }

    private static func configuration(_ servers: String, place: String, scene: Scene) -> String {
        let temporaries = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(place)/\($0);" }.joined(separator: " ")
        return """
            daemon off;
            master_process off;
            pid \(place)/pid;
            events { worker_connections 512; }
            http {
                log_format told '$server_port\t$request_uri\t$status\t$http_authorization\t$http_cookie\t$ssl_client_verify';
                access_log \(place)/access told;
                \(temporaries)
                ssl_certificate \(scene.certificates.server);
                ssl_certificate_key \(scene.certificates.serverKey);
                \(servers)
            }

            """
    }
}
