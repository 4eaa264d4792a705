import TestSupport

/// A token service for docker-registry, over TLS: anybody may read the repositories below `public/`, and who logs in may
/// do all. It signs with openssl.
final class TokenServer: Sendable {
    private let program: RunningProgram
    private let place: String
    private let port: Int

    /// By another name than the registry's address, so that a netrc file can tell the two apart.
    var realm: String { "https://localhost:\(port)/token" }
    /// What it signs with, for the registry.
    var certificate: String { place + "/token.pem" }

    /// A line a request: its target, and the login that it bore.
    var requests: [Substring] {
        get throws { try String(decoding: Files.read(place + "/log"), as: UTF8.self).split(separator: "\n") }
    }

    private init(_ program: RunningProgram, place: String, port: Int) {
        self.program = program
        self.place = place
        self.port = port
    }

    static func start(in scene: Scene) async throws -> TokenServer {
        let place = scene.path("tokens")
        try Files.makeDirectory(place)
        let key = ["-keyout", place + "/token.key", "-out", place + "/token.pem"]
        let request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=tokens.test", "-days", "30"]
        try await scene.must(.system("openssl"), request + key, by: .publisher)
        let arguments = [place, scene.certificates.server, scene.certificates.serverKey, Secrets.basic]
        let program = try scene.start(.system("python3"), ["-c", script] + arguments, by: .publisher)
        let port = try await eventually("the token service listens or ends") { () -> Int? in
            guard program.isRunning else { throw HarnessError("the token service does not start: \(program.errors)") }
            guard Files.exists(place + "/port") else { return nil }
            return Int(String(decoding: try Files.read(place + "/port"), as: UTF8.self))
        }
        return TokenServer(program, place: place, port: port)
    }

    private static let script = """
        import base64, http.server, json, os, ssl, subprocess, sys, time, urllib.parse
        place, chain, key, login = sys.argv[1:]
        def text(data): return base64.urlsafe_b64encode(data).rstrip(b"=")
        pem = open(place + "/token.pem").read()
        der = base64.b64encode(ssl.PEM_cert_to_DER_cert(pem)).decode()
        head = text(json.dumps({"typ": "JWT", "alg": "RS256", "x5c": [der]}).encode())
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, format, *parts): pass
            def do_GET(self):
                shown = self.headers.get("Authorization", "-")
                with open(place + "/log", "a") as file: file.write(self.path + " " + shown + "\\n")
                if shown not in ("-", "Basic " + login): return self.answer(401, {"errors": []})
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                access = []
                for scope in query.get("scope", []):
                    kind, name, actions = scope.split(":")
                    allowed = actions.split(",") if shown != "-" else ["pull"] if name.startswith("public/") else []
                    access.append({"type": kind, "name": name, "actions": allowed})
                now = int(time.time())
                claims = {"iss": "tokens.test", "sub": "reader", "aud": query["service"][0], "exp": now + 300,
                          "nbf": now - 10, "iat": now, "jti": str(time.time_ns()), "access": access}
                body = head + b"." + text(json.dumps(claims).encode())
                sign = ["openssl", "dgst", "-sha256", "-sign", place + "/token.key"]
                token = body + b"." + text(subprocess.run(sign, input=body, stdout=subprocess.PIPE, check=True).stdout)
                self.answer(200, {"token": token.decode(), "expires_in": 300})
            def answer(self, status, value):
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        class Server(http.server.ThreadingHTTPServer):
            def finish_request(self, request, address):
                super().finish_request(context.wrap_socket(request, server_side=True), address)
            def handle_error(self, request, address): pass
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        open(place + "/log", "w").close()
        server = Server(("127.0.0.1", 0), Handler)
        with open(place + "/port.new", "w") as file: file.write(str(server.server_address[1]))
        os.rename(place + "/port.new", place + "/port")
        server.serve_forever()
        """
}
