import Glibc

/// A TCP socket that listens: bound while the process may still bind to any port, or handed over by the service manager.
///
/// It is closed with this object, unless somebody has taken the descriptor.
package final class ListeningSocket: @unchecked Sendable {
    // Changed by `take` alone, which is called once, by the one who has the socket.
    private var descriptor: Int32
    /// The name or address that was asked for, of one that was handed over the address; and the port, which is never 0.
    package let host: String
    package let port: Int

    private init(owning descriptor: Int32, host: String? = nil) throws(SystemError) {
        self.descriptor = descriptor
        let address = try Self.address(of: descriptor)
        self.host = host ?? address.host
        port = address.port
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// How many connections may wait to be accepted.
    private static let backlog: Int32 = 1024

    /// Sets again how many connections may wait: swift-nio takes a socket over with a number of its own.
    package static func restoreBacklog(of descriptor: Int32) {
        _ = listen(descriptor, backlog)
    }

    /// Gives the descriptor to the caller, who has to close it.
    package func take() -> Int32 {
        defer { descriptor = -1 }
        return descriptor
    }

    /// Listens at a name or an address (IPv6 without brackets); `::` takes IPv4 as well.
    /// - Throws: `SystemError`, with the code 0 if the name has no address.
    package convenience init(host: String, port: Int) throws(SystemError) {
        func failure(_ code: Int32) -> SystemError {
            SystemError(operation: .other("listen on"), path: host, code: code)
        }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &list) == 0, let list else { throw failure(0) }
        defer { freeaddrinfo(list) }
        let found = list.pointee
        let descriptor = socket(found.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure(errno) }
        var one: Int32 = 1
        var zero: Int32 = 0
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, size)
        if host == "::" { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &zero, size) }
        guard bind(descriptor, found.ai_addr, found.ai_addrlen) == 0, listen(descriptor, Self.backlog) == 0 else {
            let code = errno
            close(descriptor)
            throw failure(code)
        }
        try self.init(owning: descriptor, host: host)
    }

    /// Takes one that the service manager has opened (sd_listen_fds(3)).
    /// - Throws: `SystemError` if it is not a TCP socket that listens.
    package convenience init(inherited descriptor: Int32) throws(SystemError) {
        let operation = SystemError.Operation.other("listen on the descriptor \(descriptor) of the service manager")
        var (listens, kind): (Int32, Int32) = (0, 0)
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0,
            getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &kind, &size) == 0
        else { throw SystemError(operation: operation, code: errno) }
        guard listens == 1, kind == Int32(SOCK_STREAM.rawValue) else {
            throw SystemError(operation: operation, code: EINVAL)
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        do throws(SystemError) {
            try self.init(owning: descriptor)
        } catch {
            throw SystemError(operation: operation, code: error.code)
        }
    }

    private static func address(of descriptor: Int32) throws(SystemError) -> (host: String, port: Int) {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var (host, port) = ([CChar](repeating: 0, count: Int(NI_MAXHOST)), [CChar](repeating: 0, count: 32))
        let code = withUnsafeMutableBytes(of: &storage) { raw -> Int32 in
            guard let address = raw.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return -1 }
            guard getsockname(descriptor, address, &size) == 0 else { return -1 }
            guard
                address.pointee.sa_family == sa_family_t(AF_INET) || address.pointee.sa_family == sa_family_t(AF_INET6)
            else { return -1 }
            let flags = NI_NUMERICHOST | NI_NUMERICSERV
            return getnameinfo(
                address,
                size,
                &host,
                socklen_t(host.count),
                &port,
                socklen_t(port.count),
                Int32(flags)
            )
        }
        guard code == 0, let number = Int(text(port)) else {
            throw SystemError(operation: .other("find the address of a socket"), code: EAFNOSUPPORT)
        }
        return (text(host), number)
    }

    private static func text(_ bytes: [CChar]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
