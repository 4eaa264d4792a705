import Glibc

/// A question to a program on this machine, and its answer.
package enum LocalSocket {
    /// Sends a message with its length in four bytes before it, and reads an answer of the same form.
    /// - Parameter limit: a longer answer is refused with EMSGSIZE.
    package static func ask(_ path: String, _ message: [UInt8], limit: Int) throws(SystemError) -> [UInt8] {
        let descriptor = try check(.open, path: path) { Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0) }
        let socket = Descriptor(owning: Int32(descriptor), path: path)
        try connect(socket, path)
        let count = UInt32(message.count)
        let whole = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) } + message
        try whole.span.withUnsafeBytes { bytes throws(SystemError) in try socket.write(bytes) }
        let length = try read(socket, 4).reduce(0) { $0 << 8 | Int($1) }
        guard length <= limit else { throw SystemError(operation: .read, path: path, code: EMSGSIZE) }
        return try read(socket, length)
    }

    private static func connect(_ socket: borrowing Descriptor, _ path: String) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let isShort = withUnsafeMutableBytes(of: &address.sun_path) { place in
            guard bytes.count < place.count else { return false }
            place.copyBytes(from: bytes)
            return true
        }
        guard isShort else { throw SystemError(operation: .open, path: path, code: ENAMETOOLONG) }
        let number = socket.rawValue
        _ = try check(.open, path: path) {
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
    }

    private static func read(_ socket: borrowing Descriptor, _ count: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var block = [UInt8](repeating: 0, count: count - bytes.count)
            let number = socket.rawValue
            let found = try check(.read, path: socket.path) { Glibc.read(number, &block, block.count) }
            guard found > 0 else { throw SystemError(operation: .read, path: socket.path, code: ECONNRESET) }
            bytes += block[..<found]
        }
        return bytes
    }
}
