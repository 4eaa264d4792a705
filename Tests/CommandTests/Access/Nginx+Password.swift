import TestSupport

/// A real nginx that serves a directory over TLS to whoever has the login of `Secrets`.
final class PasswordMirror: Sendable {
    private let program: RunningProgram
    let port: Int

    private init(_ program: RunningProgram, port: Int) {
        self.program = program
        self.port = port
    }

    static func start(root: String, in scene: Scene) async throws -> PasswordMirror {
        for _ in 0..<10 {
            let port = try freePort()
            let place = scene.path("nginx-\(port)")
            try Files.makeDirectory(place)
            let script = "printf '%s:%s\\n' \"$1\" \"$(openssl passwd -apr1 \"$2\")\" > \"$3\""
            let words = ["-c", script, "sh", Secrets.user, Secrets.password, place + "/users"]
            try await scene.must(.system("sh"), words, by: .publisher)
            let text = configuration(port: port, root: root, place: place, scene: scene)
            try Files.write(Array(text.utf8), to: place + "/conf")
            let command = ["-c", place + "/conf", "-p", place, "-e", place + "/errors"]
            let program = try scene.start(.system("nginx"), command, by: .publisher)
            let isUp = try await eventually("nginx listens or ends") { () -> Bool? in
                if accepts(port: port) { return program.isRunning }
                return program.isRunning ? nil : false
            }
            if isUp { return PasswordMirror(program, port: port) }
        }
        throw HarnessError("nginx does not start")
    }

    private static func configuration(port: Int, root: String, place: String, scene: Scene) -> String {
        let temporaries = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(place)/\($0);" }.joined(separator: " ")
        return """
            daemon off;
            master_process off;
            pid \(place)/pid;
            events { worker_connections 256; }
            http {
                access_log \(place)/access;
                \(temporaries)
                server {
                    listen 127.0.0.1:\(port) ssl;
                    ssl_certificate \(scene.certificates.server);
                    ssl_certificate_key \(scene.certificates.serverKey);
                    root \(root);
                    auth_basic "members";
                    auth_basic_user_file \(place)/users;
                }
            }

            """
    }
}
