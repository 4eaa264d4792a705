import TestSupport

/// A real nginx, with whatever a test configures.
final class Nginx: Sendable {
    private let program: RunningProgram
    let port: Int
    /// Where its files lie.
    let place: String

    var url: String { "https://127.0.0.1:\(port)/" }

    private init(_ program: RunningProgram, port: Int, place: String) {
        self.program = program
        self.port = port
        self.place = place
    }

    /// Starts it and waits until it listens, over TLS, at a port of its own.
    /// - Parameters:
    ///   - http: directives beside the server, given the directory for its files.
    ///   - server: directives within the server.
    static func start(in scene: Scene, http: (String) -> String = { _ in "" }, server: String) async throws -> Nginx {
        // nginx cannot choose a port itself: one that is free now is tried, and another if it was taken meanwhile.
        for _ in 0..<10 {
            let port = try freePort()
            let place = scene.path("nginx-\(port)")
            try Files.makeDirectory(place)
            let text = configuration(port, place, scene, http(place), server)
            try Files.write(Array(text.utf8), to: place + "/conf")
            let program = try scene.start(
                .system("nginx"),
                ["-c", place + "/conf", "-p", place, "-e", place + "/errors"],
                by: .publisher
            )
            let isUp = try await eventually("nginx listens or ends") { () -> Bool? in
                if accepts(port: port) { return program.isRunning }
                return program.isRunning ? nil : false
            }
            if isUp { return Nginx(program, port: port, place: place) }
        }
        throw HarnessError("nginx does not start")
    }

    private static func configuration(
        _ port: Int,
        _ place: String,
        _ scene: Scene,
        _ http: String,
        _ server: String
    ) -> String {
        let temporaries = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(place)/\($0);" }.joined(separator: " ")
        return """
            daemon off;
            master_process off;
            pid \(place)/pid;
            events { worker_connections 256; }
            http {
                \(temporaries)
                \(http)
                server {
                    listen 127.0.0.1:\(port) ssl;
                    ssl_certificate \(scene.certificates.server);
                    ssl_certificate_key \(scene.certificates.serverKey);
                    \(server)
                }
            }

            """
    }
}
