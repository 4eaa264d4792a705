import Glibc
import Synchronization

/// The service manager that has started this process, if it wants to be told how that goes (sd_notify(3)), and the
/// sockets that it has opened for it (sd_listen_fds(3)).
///
/// Both protocols are a few variables and a datagram; libsystemd is not needed for them.
package final class ServiceManager: Sendable {
    /// A connected datagram socket; nil if nobody listens.
    private let socket: Int32?

    /// - Parameter path: of `NOTIFY_SOCKET`; `@` at its start stands for the abstract name space.
    init(path: String?) {
        socket = path.flatMap { Self.connect(to: $0) }
    }

    /// To be made before the process is confined: the socket is opened here.
    package static func fromEnvironment() -> ServiceManager {
        let path = getenv("NOTIFY_SOCKET").map { String(cString: $0) }
        unsetenv("NOTIFY_SOCKET")
        return ServiceManager(path: path)
    }

    deinit { if let socket { close(socket) } }

    /// The worker serves, or serves again after `reloading`.
    package func ready() { tell("READY=1\nSTATUS=serving") }

    /// The settings are being read again.
    package func reloading() {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        tell("RELOADING=1\nMONOTONIC_USEC=\(UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1_000)")
    }

    /// Answers under way finish; no more connections are accepted then.
    package func stopping() { tell("STOPPING=1\nSTATUS=draining") }

    private func tell(_ state: String) {
        guard let socket else { return }
        let bytes = Array(state.utf8)
        // Nothing can be done about a manager that does not listen, and nothing may wait for it.
        _ = send(socket, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    }

    private static func connect(to path: String) -> Int32? {
        var name = Array(path.utf8)
        guard name.first == UInt8(ascii: "/") || name.first == UInt8(ascii: "@"), name.count > 1 else { return nil }
        var address = sockaddr_un()
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let size = MemoryLayout<sockaddr_un>.offset(of: \.sun_path).map { $0 + name.count } ?? 0
        let made = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard made >= 0 else { return nil }
        let code = withUnsafeBytes(of: &address) { raw -> Int32 in
            guard let pointer = raw.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return -1 }
            return Glibc.connect(made, pointer, socklen_t(size))
        }
        if code == 0 { return made }
        close(made)
        return nil
    }
}

extension ServiceManager {
    /// The descriptors of the sockets that were opened for this process; none if they are for another one.
    package static func inheritedSockets() -> [Int32] {
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) } }
        return inheritedSockets(
            process: getpid(),
            listenPID: getenv("LISTEN_PID").map { String(cString: $0) },
            listenFDs: getenv("LISTEN_FDS").map { String(cString: $0) }
        )
    }

    /// The first is number 3.
    static func inheritedSockets(process: Int32, listenPID: String?, listenFDs: String?) -> [Int32] {
        guard listenPID.flatMap({ Int32($0) }) == process, let count = listenFDs.flatMap({ Int32($0) }) else {
            return []
        }
        return (0..<max(0, min(count, 64))).map { 3 + $0 }
    }
}
