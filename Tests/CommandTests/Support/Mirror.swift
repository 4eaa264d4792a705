import Glibc
import TestSupport

/// A real nginx that serves a directory over TLS: what a mirror is.
final class Mirror: Sendable {
    private let nginx: Nginx

    /// The lines of its access log: one a request, in the order of their answers' ends.
    var requests: [Substring] {
        get throws { try String(decoding: Files.read(nginx.place + "/access"), as: UTF8.self).split(separator: "\n") }
    }

    var port: Int { nginx.port }
    var url: String { nginx.url }

    private init(_ nginx: Nginx) { self.nginx = nginx }

    /// - Parameters:
    ///   - http: further directives of the `http` block.
    ///   - server: further directives of the `server` block.
    static func start(root: String, in scene: Scene, http: String = "", server: String = "") async throws -> Mirror {
        Mirror(
            try await Nginx.start(
                in: scene,
                http: { "access_log \($0)/access; \(http)" },
                server: "root \(root); \(server)"
            )
        )
    }
}

/// Below those that the system gives to whoever asks for any port.
private let fixedPorts = 20_000..<32_768
private let lastPort = SharedMutex(Int.random(in: fixedPorts))

/// A port that nothing listens on at this moment, another one each time: two tests that are told the same one, or a
/// program that the system gives it to before the test's own has begun to listen, would talk to the wrong server.
func freePort() throws -> Int {
    for _ in fixedPorts {
        let port = lastPort.withLock { last in
            last = last + 1 == fixedPorts.upperBound ? fixedPorts.lowerBound : last + 1
            return last
        }
        if succeeds(bind, port: port) { return port }
    }
    throw HarnessError("no free port in \(fixedPorts)")
}

/// Whether something listens on a port of 127.0.0.1.
func accepts(port: Int) -> Bool { succeeds(connect, port: port) }

/// Whether a new socket can be bound to a port of 127.0.0.1, or connected to it.
private func succeeds(_ call: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32, port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port: UInt16(port))
    return withUnsafeBytes(of: &address) { raw in
        call(descriptor, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count)) == 0
    }
}

private func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
}
