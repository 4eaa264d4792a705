import TestSupport

/// python's http.server over TLS: threads, HTTP/1.0, no ranges.
final class PythonServer: Sendable {
    private let program: RunningProgram
    private let log: String
    let port: Int

    var url: String { "https://127.0.0.1:\(port)/" }

    /// One line a request.
    var requests: [Substring] {
        get throws { try String(decoding: Files.read(log), as: UTF8.self).split(separator: "\n") }
    }

    private init(_ program: RunningProgram, port: Int, log: String) {
        self.program = program
        self.port = port
        self.log = log
    }

    static func start(root: String, in scene: Scene) async throws -> PythonServer {
        let (place, log) = (scene.path("python-port"), scene.path("python-log"))
        let arguments = [place, log, root, scene.certificates.server, scene.certificates.serverKey]
        let program = try scene.start(.system("python3"), ["-c", script] + arguments, by: .publisher)
        let port = try await eventually("python3 listens or ends") { () -> Int? in
            guard program.isRunning else { throw HarnessError("python3 does not start") }
            guard Files.exists(place) else { return nil }
            return Int(String(decoding: try Files.read(place), as: UTF8.self))
        }
        return PythonServer(program, port: port, log: log)
    }

    private static let script = """
        import functools, http.server, os, ssl, sys
        place, log, root, chain, key = sys.argv[1:]
        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, format, *parts):
                with open(log, "a") as file: file.write(format % parts + "\\n")
        class Server(http.server.ThreadingHTTPServer):
            def finish_request(self, request, address):
                super().finish_request(context.wrap_socket(request, server_side=True), address)
            def handle_error(self, request, address): pass
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        open(log, "w").close()
        server = Server(("127.0.0.1", 0), functools.partial(Handler, directory=root))
        with open(place + ".new", "w") as file: file.write(str(server.server_address[1]))
        os.rename(place + ".new", place)
        server.serve_forever()
        """
}
