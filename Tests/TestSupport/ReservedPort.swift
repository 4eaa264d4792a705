import Glibc

/// A port of 127.0.0.1 at which nothing listens, and nothing will as long as this is held: a connection is refused.
package final class ReservedPort: Sendable {
    package let number: Int
    private let descriptor: Int32

    package init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutableBytes(of: &address) { [descriptor] raw -> Int32 in
            guard let pointer = raw.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return -1 }
            return bind(descriptor, pointer, size) == 0 ? getsockname(descriptor, pointer, &size) : -1
        }
        number = Int(UInt16(bigEndian: address.sin_port))
        guard code == 0 else { throw HarnessError("no port to reserve: errno \(errno)") }
    }

    deinit { close(descriptor) }
}
