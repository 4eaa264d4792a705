import TestSupport

extension RealServer {
    /// A server of a directory, as its manual has it: TLS, a log, nothing else.
    static func start(_ kind: Static, root: String, in scene: Scene) async throws -> RealServer {
        try await start(kind.rawValue, in: scene) { setting in
            switch kind {
            case .nginx: try nginx(setting, root)
            case .apache2: try apache(setting, root)
            case .caddy: try caddy(setting, root)
            case .lighttpd: try lighttpd(setting, root)
            case .python3: try python(setting, root)
            }
        }
    }

    static func nginx(_ setting: Setting, _ root: String, http: String = "", location: String = "") throws -> [String] {
        let temporaries = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(setting.place)/\($0);" }.joined(separator: " ")
        let conf = try setting.write(
            """
            daemon off;
            master_process off;
            pid \(setting.place)/pid;
            events { worker_connections 256; }
            http {
                access_log \(setting.place)/access;
                \(temporaries)
                \(http)
                server {
                    listen 127.0.0.1:\(setting.port) ssl;
                    ssl_certificate \(setting.certificate);
                    ssl_certificate_key \(setting.key);
                    root \(root);
                    location / { \(location) }
                }
            }

            """,
            "conf"
        )
        return ["nginx", "-c", conf, "-p", setting.place, "-e", setting.place + "/errors"]
    }

    private static func apache(_ setting: Setting, _ root: String) throws -> [String] {
        let modules = ["mpm_event", "authz_core", "mime", "ssl"].map { name in
            "LoadModule \(name)_module /usr/lib/apache2/modules/mod_\(name).so"
        }
        let conf = try setting.write(
            """
            ServerRoot \(setting.place)
            ServerName localhost
            PidFile \(setting.place)/pid
            ErrorLog \(setting.place)/errors
            Mutex file:\(setting.place) default
            \(modules.joined(separator: "\n"))
            TypesConfig /dev/null
            AddEncoding x-gzip .gz
            LogFormat "%>s %U" short
            CustomLog \(setting.place)/access short
            Listen 127.0.0.1:\(setting.port)
            StartServers 1
            SSLSessionCache none
            SSLEngine on
            SSLCertificateFile \(setting.certificate)
            SSLCertificateKeyFile \(setting.key)
            DocumentRoot "\(root)"
            <Directory "\(root)">
                Require all granted
            </Directory>

            """,
            "conf"
        )
        return ["apache2", "-f", conf, "-D", "FOREGROUND"]
    }

    private static func caddy(_ setting: Setting, _ root: String) throws -> [String] {
        let conf = try setting.write(
            """
            {
                admin off
                auto_https off
                storage file_system \(setting.place)/store
            }
            https://127.0.0.1:\(setting.port) {
                bind 127.0.0.1
                tls \(setting.certificate) \(setting.key)
                root * \(root)
                file_server
                log {
                    output file \(setting.place)/access
                    format json
                }
            }

            """,
            "conf"
        )
        return ["caddy", "run", "--config", conf, "--adapter", "caddyfile"]
    }

    private static func lighttpd(_ setting: Setting, _ root: String) throws -> [String] {
        let conf = try setting.write(
            """
            server.document-root = "\(root)"
            server.bind = "127.0.0.1"
            server.port = \(setting.port)
            server.modules = ( "mod_openssl", "mod_accesslog" )
            server.errorlog = "\(setting.place)/errors"
            server.upload-dirs = ( "\(setting.place)" )
            accesslog.filename = "\(setting.place)/access"
            accesslog.format = "%s %U"
            mimetype.assign = ( ".json" => "application/json" )
            ssl.engine = "enable"
            ssl.pemfile = "\(setting.certificate)"
            ssl.privkey = "\(setting.key)"

            """,
            "conf"
        )
        return ["lighttpd", "-D", "-f", conf]
    }

    /// HTTP/1.0, no ranges, one request a connection.
    private static func python(_ setting: Setting, _ root: String) throws -> [String] {
        let script = try setting.write(
            """
            import functools, http.server, ssl, sys
            port, root, certificate, key, log = sys.argv[1:]
            log = open(log, "w", buffering=1)
            class Handler(http.server.SimpleHTTPRequestHandler):
                def log_request(self, code="-", size="-"): print(int(code), self.path, file=log)
            handler = functools.partial(Handler, directory=root)
            server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), handler)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            server.serve_forever()

            """,
            "serve.py"
        )
        return [
            "python3", script, "\(setting.port)", root, setting.certificate, setting.key, setting.place + "/access",
        ]
    }
}
