import FDLCore
import FDLSystem
import Glibc

/// Where a secret is: a file or a pipe by its path, `-` for standard input, `fd:N` for an open descriptor, `env:NAME` for
/// a variable.
enum SecretPlace: Equatable, CustomStringConvertible {
    case path(String)
    case descriptor(Int32)
    case variable(String)

    init(_ text: String) {
        if text == "-" {
            self = .descriptor(0)
        } else if text.hasPrefix("fd:"), let number = Int32(text.dropFirst(3)), number >= 0 {
            self = .descriptor(number)
        } else if text.hasPrefix("env:"), text.utf8.count > 4 {
            self = .variable(String(text.dropFirst(4)))
        } else {
            self = .path(text)
        }
    }

    /// For messages.
    var description: String {
        switch self {
        case .path(let path): path
        case .descriptor(0): "standard input"
        case .descriptor(let number): "descriptor \(number)"
        case .variable(let name): "the variable \(name)"
        }
    }

    /// - Parameter limit: more bytes than this are refused with EFBIG.
    func read(limit: Int) throws(SystemError) -> [UInt8] {
        switch self {
        case .path(let path): return try WholeFile.read(path, limit: limit)
        case .descriptor(let number):
            let name = number == 0 ? "standard input" : "descriptor \(number)"
            let copy = fcntl(number, F_DUPFD_CLOEXEC, 0)
            guard copy >= 0 else { throw SystemError(operation: .read, path: name, code: errno) }
            return try Descriptor(owning: copy, path: name).readOn(limit: limit)
        case .variable(let name):
            guard let value = getenv(name) else {
                throw SystemError(operation: .read, path: "the variable \(name)", code: ENOENT)
            }
            let bytes = Array(UnsafeBufferPointer(start: value, count: strlen(value))).map { UInt8(bitPattern: $0) }
            guard bytes.count <= limit else {
                throw SystemError(operation: .read, path: "the variable \(name)", code: EFBIG)
            }
            return bytes
        }
    }
}
