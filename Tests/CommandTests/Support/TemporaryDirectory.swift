import FoundationEssentials
import Glibc

/// A directory of its owner's own, gone with its owner.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        var template = Array((parent + "/fdl-test.XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw HarnessError("cannot make a temporary directory: errno \(errno)") }
        let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Symbolic links on the way would make paths that programs report differ from ours.
        guard let resolved = realpath(made, nil) else { throw HarnessError("cannot resolve \(made)") }
        defer { free(resolved) }
        path = String(cString: resolved)
        Leftovers.add(directory: path)
    }

    deinit {
        Self.removeTree(path)
        Leftovers.remove(directory: path)
    }

    /// Removes a tree, directories without write permission and open files included.
    static func removeTree(_ path: String) {
        if !Files.exists(path) || (try? FileManager.default.removeItem(atPath: path)) != nil { return }
        var pid: pid_t = 0
        withCStrings(["chmod", "-R", "u+rwX", "--", path]) { arguments in
            if posix_spawnp(&pid, "chmod", nil, nil, arguments, environ) == 0 { waitpid(pid, nil, 0) }
        }
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// Lends `strings` to C as an array of strings that ends with a null pointer.
func withCStrings<Result>(
    _ strings: [String],
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) throws -> Result
) rethrows -> Result {
    let array = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
    defer { array.deallocate() }
    for (index, string) in strings.enumerated() { (array + index).initialize(to: strdup(string)) }
    (array + strings.count).initialize(to: nil)
    defer { for index in strings.indices { free(array[index]) } }
    return try body(array)
}

/// The harness itself could not go on; never an outcome under test.
struct HarnessError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
