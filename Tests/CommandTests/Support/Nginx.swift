import TestSupport

/// A real nginx with servers over TLS, each with whatever a test configures and at a port of its own.
final class Nginx: Sendable {
    private let program: RunningProgram
    let ports: [Int]
    /// Where its files lie.
    let place: String

    /// The port of the first server, and its URL.
    var port: Int { ports[0] }
    var url: String { url(0) }

    func url(_ server: Int) -> String { "https://127.0.0.1:\(ports[server])/" }

    private init(_ program: RunningProgram, ports: [Int], place: String) {
        self.program = program
        self.ports = ports
        self.place = place
    }

    /// Starts it and waits until it listens. nginx cannot choose ports itself: some that are free now are tried, and
    /// others if one was taken meanwhile.
    /// - Parameters:
    ///   - count: how many servers it has.
    ///   - prepare: makes further files in the directory for its files.
    ///   - http: directives beside the servers, given that directory.
    ///   - servers: directives within each server, given the ports of all and that directory.
    static func start(
        in scene: Scene,
        servers count: Int = 1,
        prepare: (String) async throws -> Void = { _ in },
        http: (String) -> String = { _ in "" },
        _ servers: ([Int], String) -> [String]
    ) async throws -> Nginx {
        var errors = ""
        for _ in 0..<10 {
            let ports = try (0..<count).map { _ in try freePort() }
            let place = scene.path("nginx-\(ports[0])")
            try Files.makeDirectory(place)
            try await prepare(place)
            let blocks = zip(ports, servers(ports, place)).map { port, body in
                "server { listen 127.0.0.1:\(port) ssl; \(body) }"
            }
            let text = configuration(place, scene, http(place), blocks.joined(separator: "\n"))
            try Files.write(Array(text.utf8), to: place + "/conf")
            let program = try scene.start(
                .system("nginx"),
                ["-c", place + "/conf", "-p", place, "-e", place + "/errors"],
                by: .publisher
            )
            let isUp = try await eventually("nginx listens or ends") { () -> Bool? in
                if ports.allSatisfy({ accepts(port: $0) }) { return program.isRunning }
                return program.isRunning ? nil : false
            }
            if isUp { return Nginx(program, ports: ports, place: place) }
            errors = String(decoding: try Files.read(place + "/errors"), as: UTF8.self) + program.errors
        }
        throw HarnessError("nginx does not start: \(errors)")
    }

    /// One with a single server.
    static func start(in scene: Scene, http: (String) -> String = { _ in "" }, server: String) async throws -> Nginx {
        try await start(in: scene, http: http) { _, _ in [server] }
    }

    private static func configuration(_ place: String, _ scene: Scene, _ http: String, _ servers: String) -> String {
        let temporaries = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(place)/\($0);" }.joined(separator: " ")
        // What it does where it is not told is to write where only root may.
        let log = http.contains("access_log") ? "" : "access_log off;"
        return """
            daemon off;
            master_process off;
            pid \(place)/pid;
            events { worker_connections 512; }
            http {
                \(temporaries)
                ssl_certificate \(scene.certificates.server);
                ssl_certificate_key \(scene.certificates.serverKey);
                \(log)
                \(http)
                \(servers)
            }

            """
    }
}
