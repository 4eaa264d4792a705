import FDLSystem
import Glibc

/// A web server on this machine.
struct Server: Sendable {
    let pid: pid_t
    /// Without the last slash.
    let url: String

    /// What stands behind `https://`.
    var address: String { String(url.dropFirst("https://".count)) }
    var port: String { String(url.split(separator: ":").last ?? "") }
    var usage: ServerUsage { ServerUsage(of: pid) }
}

extension Place {
    /// All TLS is with the cipher our worker prefers, so that no contestant wins by another one.
    private static let ciphers = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

    mutating func startServers() throws {
        for _ in 1...4 {
            mirrors.append(try startNginx().server)
            workers.append(try startWorker().server)
        }
    }

    func startNginx() throws -> (child: Child, server: Server) {
        let port = Int(try numbers([program("measure"), "ports", "1"], count: 1)[0])
        let directory = "\(root)/nginx.\(port)"
        if access(directory, F_OK) != 0 { try makeDirectory(directory) }
        let configuration = """
            \(geteuid() == 0 ? "user root;" : "")
            daemon off;
            worker_processes auto;
            pid nginx.pid;
            error_log error.log;
            events { worker_connections 2048; }
            http {
                access_log off;
                sendfile on;
                tcp_nopush on;
                keepalive_requests 100000;
                client_body_temp_path body;
                proxy_temp_path proxy;
                fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi;
                scgi_temp_path scgi;
                ssl_protocols TLSv1.2 TLSv1.3;
                ssl_prefer_server_ciphers on;
                ssl_conf_command Ciphersuites \(Self.ciphers);
                ssl_certificate \(certificates)/server.pem;
                ssl_certificate_key \(certificates)/server.key;
                server {
                    listen 127.0.0.1:\(port) ssl backlog=1024;
                    root \(data);
                }
            }

            """
        try WholeFile.replace(directory + "/nginx.conf", with: Array(configuration.utf8), mode: 0o644)
        let child = try start(
            ["nginx", "-p", directory, "-c", "nginx.conf", "-e", directory + "/error.log"],
            saying: directory + "/said"
        )
        let server = Server(pid: child.pid, url: "https://127.0.0.1:\(port)")
        try awaitAnswer(server.url + "/small", from: "nginx")
        return (child, server)
    }

    func startWorker() throws -> (child: Child, server: Server) {
        // Under a name of its own until the port is known.
        let said = "\(root)/worker"
        let child = try start(
            [
                program("fdl-secure-server"), "--cert", certificates + "/server.pem", "--root", data,
                "--listen", "127.0.0.1:0", "--log-level", "error",
            ],
            saying: said
        )
        var url: Substring?
        try wait(until: "fdl-secure-server listens") {
            url = try text(of: said).split(separator: "\n").first {
                $0.hasPrefix("listening on ") && $0.hasSuffix("/")
            }
            return url != nil
        }
        let server = Server(pid: child.pid, url: String(url?.dropFirst("listening on ".count).dropLast() ?? ""))
        guard rename(said, "\(said).\(server.port)") == 0 else {
            throw SystemError(operation: .rename, path: said, code: errno)
        }
        try awaitAnswer(server.url + "/files/small", from: "fdl-secure-server")
        return (child, server)
    }

    private func awaitAnswer(_ url: String, from name: String) throws {
        try wait(until: "\(name) answers") {
            try start(["curl", "-sf", "--cacert", ca, "-o", "/dev/null", url]).wait().code == 0
        }
    }

    /// Runs one of ours, and tells what the servers took for it.
    func served(by servers: [Server], _ body: () throws -> Sample) throws -> Sample {
        let before = servers.map(\.usage.cpu).reduce(0, +)
        var sample = try body()
        let after = servers.map(\.usage.cpu).reduce(0, +)
        sample[.serverCPUPerGiB] = (after - before) / settings.gibibytes
        sample[.cpuPerGiB] = sample[.cpu].map { $0 / settings.gibibytes }
        return sample
    }
}
