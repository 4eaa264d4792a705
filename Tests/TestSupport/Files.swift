import FoundationEssentials
package import Glibc

/// Files by their paths.
package enum Files {
    /// Writes a file, and makes the directories above it.
    package static func write(_ bytes: [UInt8], to path: String) throws {
        let parent = path.split(separator: "/").dropLast().map { "/" + $0 }.joined()
        if !exists(parent) { try makeDirectory(parent) }
        try Data(bytes).write(to: URL(filePath: path))
    }

    package static func read(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else { throw HarnessError("cannot read \(path)") }
        return [UInt8](data)
    }

    /// Whether the file holds these bytes and no others.
    package static func hold(_ path: String, _ bytes: [UInt8]) throws -> Bool {
        try read(path).withUnsafeBytes { found in bytes.withUnsafeBytes { areSame(found, $0) } }
    }

    /// Whether anything bears the name, a dangling link included.
    package static func exists(_ path: String) -> Bool {
        var information = stat()
        return lstat(path, &information) == 0
    }

    package static func mode(_ path: String) throws -> mode_t {
        try status(path).st_mode & 0o7777
    }

    package static func size(_ path: String) throws -> Int {
        Int(try status(path).st_size)
    }

    package static func inode(_ path: String) throws -> ino_t {
        try status(path).st_ino
    }

    private static func status(_ path: String) throws -> stat {
        var information = stat()
        guard lstat(path, &information) == 0 else { throw HarnessError("there is no \(path)") }
        return information
    }

    package static func list(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }

    package static func copy(_ from: String, to path: String) throws {
        try write(read(from), to: path)
    }

    package static func remove(_ path: String) throws {
        try FileManager.default.removeItem(atPath: path)
    }

    /// Overwrites bytes in place, the file staying the same file.
    package static func patch(_ path: String, at offset: Int, with bytes: [UInt8]) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw HarnessError("cannot open \(path): errno \(errno)") }
        defer { close(descriptor) }
        guard pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count else {
            throw HarnessError("cannot write \(path): errno \(errno)")
        }
    }

    /// Makes a directory, and those above it.
    package static func makeDirectory(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
}

/// Whether two stretches of memory are the same, at memcmp's speed: `==` on arrays is slow in a debug build.
package func areSame(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    guard let first = left.baseAddress, let second = right.baseAddress else { return true }
    return memcmp(first, second, left.count) == 0
}
