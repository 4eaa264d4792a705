import Glibc
import TestSupport

/// A real nginx that serves a directory over TLS: what a mirror is.
final class Mirror: Sendable {
    private let program: RunningProgram
    let port: Int
    private let place: String

    /// The lines of its access log: one a request, in the order of their answers' ends.
    var requests: [Substring] {
        get throws { try String(decoding: Files.read(place + "/access"), as: UTF8.self).split(separator: "\n") }
    }

    var url: String { "https://127.0.0.1:\(port)/" }

    private init(_ program: RunningProgram, port: Int, place: String) {
        self.program = program
        self.port = port
        self.place = place
    }

    /// nginx cannot choose a port itself: one that is free now is tried, and another where it was taken meanwhile.
    /// - Parameters:
    ///   - http: further directives of the `http` block.
    ///   - server: further directives of the `server` block.
    static func start(root: String, in scene: Scene, http: String = "", server: String = "") async throws -> Mirror {
        for _ in 0..<10 {
            let port = try freePort()
            let place = scene.path("nginx-\(port)")
            try Files.makeDirectory(place)
            let text = configuration(port, root, place, scene, http, server)
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
            if isUp { return Mirror(program, port: port, place: place) }
        }
        throw HarnessError("nginx does not start")
    }

    private static func configuration(
        _ port: Int,
        _ root: String,
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
                access_log \(place)/access;
                \(temporaries)
                \(http)
                server {
                    listen 127.0.0.1:\(port) ssl;
                    ssl_certificate \(scene.certificates.server);
                    ssl_certificate_key \(scene.certificates.serverKey);
                    root \(root);
                    \(server)
                }
            }

            """
    }
}

/// A port that nothing listens on at this moment.
func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port: 0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutableBytes(of: &address) { raw -> Int32 in
        guard let pointer = raw.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return -1 }
        return bind(descriptor, pointer, size) == 0 ? getsockname(descriptor, pointer, &size) : -1
    }
    guard code == 0 else { throw HarnessError("no free port: errno \(errno)") }
    return Int(UInt16(bigEndian: address.sin_port))
}

/// Whether something listens on a port of 127.0.0.1.
func accepts(port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port: UInt16(port))
    return withUnsafeBytes(of: &address) { raw in
        guard let pointer = raw.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
        return connect(descriptor, pointer, socklen_t(raw.count)) == 0
    }
}

private func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
}
