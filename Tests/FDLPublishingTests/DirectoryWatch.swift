import FDLSystem
import Glibc

/// What gets a name in a directory by a rename, in that order: inotify(7).
struct DirectoryWatch: ~Copyable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = inotify_init1(Int32(IN_NONBLOCK))
        guard descriptor >= 0, inotify_add_watch(descriptor, path, UInt32(IN_MOVED_TO)) >= 0 else {
            throw SystemError(operation: .open, path: path, code: errno)
        }
    }

    deinit { close(descriptor) }

    /// What has got a name so far.
    func renamed() throws -> [String] {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = read(descriptor, &bytes, bytes.count)
        var names: [String] = []
        var rest = bytes[..<max(0, count)]
        // A head of 16 bytes, of which the last four are the length of the name, which is filled up with zeros.
        while rest.count >= 16 {
            let head = rest.prefix(16)
            let length = head.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            names.append(String(decoding: rest.dropFirst(16).prefix(length).prefix { $0 != 0 }, as: UTF8.self))
            rest = rest.dropFirst(16 + length)
        }
        return names
    }
}
