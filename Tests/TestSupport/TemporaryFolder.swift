import FoundationEssentials
package import Glibc

/// A directory of its owner's own, gone with its owner.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
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
    package static func removeTree(_ path: String) {
        if !Files.exists(path) || (try? FileManager.default.removeItem(atPath: path)) != nil { return }
        var pid: pid_t = 0
        withCStrings(["chmod", "-R", "u+rwX", "--", path]) { arguments in
            if posix_spawnp(&pid, "chmod", nil, nil, arguments, environ) == 0 { waitpid(pid, nil, 0) }
        }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file, and makes the directories above it.
    /// - Returns: its path.
    @discardableResult
    package func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let file = "\(path)/\(name)"
        try Files.write(bytes, to: file)
        return file
    }

    package func read(_ name: String) throws -> [UInt8] { try Files.read("\(path)/\(name)") }

    /// What lies in it, sorted.
    package func names() throws -> [String] { try Files.list(path) }

    /// The permission bits of a file.
    package func permissions(_ name: String) throws -> mode_t { try Files.mode("\(path)/\(name)") }

    /// Runs a program in it, to its end.
    package func run(_ command: [String]) async throws -> Ended {
        try await RunningProgram(command[0], Array(command.dropFirst()), directory: path).wait()
    }
}
