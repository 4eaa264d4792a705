import Glibc

/// Sockets on 127.0.0.1.
enum Loopback {
    /// A listening socket on a free port, and the port.
    static func listen() throws -> (socket: Int32, port: Int) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0 else { throw MeasureError(failed: "socket") }
        var address = address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && Glibc.listen(listener, 8) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard bound else { throw MeasureError(failed: "listen") }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }

    static func connect(port: Int) throws -> Int32 {
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard client >= 0 else { throw MeasureError(failed: "socket") }
        var address = address(port: port)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                Glibc.connect(client, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard connected else { throw MeasureError(failed: "connect to port \(port)") }
        return client
    }

    /// The two ends of a connection.
    static func pair() throws -> (Int32, Int32) {
        let (listener, port) = try listen()
        defer { close(listener) }
        let client = try connect(port: port)
        let server = accept(listener, nil, nil)
        guard server >= 0 else { throw MeasureError(failed: "accept") }
        return (server, client)
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}

/// Ports that nobody listens on now.
enum FreePorts {
    static func find(_ count: Int) throws -> [Int] {
        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        var ports: [Int] = []
        for _ in 0..<count {
            let (socket, port) = try Loopback.listen()
            sockets.append(socket)
            ports.append(port)
        }
        return ports
    }
}
