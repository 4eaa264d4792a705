import Glibc

/// One name in a directory.
package struct DirectoryEntry: Sendable, Hashable {
    /// As it lies there: any bytes but `/` and NUL.
    package let bytes: [UInt8]
    /// nil if the file system does not say with the name.
    package let kind: FileStatus.Kind?

    package init(bytes: [UInt8], kind: FileStatus.Kind?) {
        self.bytes = bytes
        self.kind = kind
    }

    /// The name, if it is UTF-8.
    package var text: String? { String(validating: bytes, as: UTF8.self) }

    /// For messages: what is not UTF-8 is replaced.
    package var shown: String { String(decoding: bytes, as: UTF8.self) }

    fileprivate init(_ entry: UnsafeMutablePointer<dirent>) {
        // A record is as long as its name, whatever the type says: longer on some file systems, shorter on most.
        let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
        let name = UnsafeRawPointer(entry) + offset
        bytes = Array(UnsafeRawBufferPointer(start: name, count: strlen(name.assumingMemoryBound(to: CChar.self))))
        kind =
            switch Int(entry.pointee.d_type) {
            case Int(DT_REG): .regular
            case Int(DT_DIR): .directory
            case Int(DT_LNK): .symbolicLink
            case Int(DT_UNKNOWN): nil
            default: .other
            }
    }

    /// Hands over all names that an open stream has left, but for `.` and `..`.
    static func forEach(
        in stream: OpaquePointer,
        path: String,
        _ body: (DirectoryEntry) throws(SystemError) -> Void
    ) throws(SystemError) {
        while true {
            errno = 0
            guard let found = readdir(stream) else {
                if errno != 0 { throw SystemError(operation: .list, path: path, code: errno) }
                return
            }
            let entry = DirectoryEntry(found)
            if entry.bytes != [0x2e], entry.bytes != [0x2e, 0x2e] { try body(entry) }
        }
    }
}

extension Descriptor {
    /// The names in this directory, in no order.
    package func entries() throws(SystemError) -> [DirectoryEntry] {
        var entries: [DirectoryEntry] = []
        try forEachEntry { entry throws(SystemError) in entries.append(entry) }
        return entries
    }

    /// Hands over the names in this directory, in no order. What is made or removed in it meanwhile may be among them or
    /// not.
    package func forEachEntry(_ body: (DirectoryEntry) throws(SystemError) -> Void) throws(SystemError) {
        // A descriptor of its own, since closedir closes it and reading moves its position.
        let copy = try check(.list, path: path) { openat(rawValue, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(copy) else {
            let code = errno
            close(copy)
            throw SystemError(operation: .list, path: path, code: code)
        }
        defer { closedir(stream) }
        try DirectoryEntry.forEach(in: stream, path: path, body)
    }

    /// What an entry is, now; nil if it has gone.
    package func status(of entry: DirectoryEntry) throws(SystemError) -> FileStatus? { try status(EntryName(entry)) }

    /// What bears a name in this directory, a symbolic link not followed; nil if nothing does.
    package func status(child name: String) throws(SystemError) -> FileStatus? { try status(EntryName(name)) }

    /// Opens what an entry names, not following it if it is a symbolic link.
    package func open(entry: DirectoryEntry, flags: Int32) throws(SystemError) -> Descriptor {
        try open(EntryName(entry), flags: flags, mode: 0)
    }

    /// Removes a file, or a directory with all that is in it.
    package func removeTree(child name: String) throws(SystemError) { try removeTree(EntryName(name)) }

    /// Removes what an entry names, with all that is in it.
    package func removeTree(entry: DirectoryEntry) throws(SystemError) { try removeTree(EntryName(entry)) }

    func status(_ name: EntryName) throws(SystemError) -> FileStatus? {
        var status = stat()
        do throws(SystemError) {
            try check(.lookAt, path: joined(name.shown)) {
                name.withPointer { fstatat(rawValue, $0, &status, AT_SYMLINK_NOFOLLOW) }
            }
        } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
        return FileStatus(status)
    }

    private func removeTree(_ name: EntryName) throws(SystemError) {
        guard let status = try status(name) else { return }
        if status.kind == .directory {
            let directory = try open(name, flags: O_RDONLY | O_DIRECTORY, mode: 0)
            for entry in try directory.entries() { try directory.removeTree(EntryName(entry)) }
        }
        let flags = status.kind == .directory ? AT_REMOVEDIR : 0
        try check(.remove, path: joined(name.shown)) { name.withPointer { unlinkat(rawValue, $0, flags) } }
    }
}

/// A name as the system takes it, and as people read it.
struct EntryName {
    let shown: String
    private let characters: ContiguousArray<CChar>

    init(_ name: String) {
        shown = name
        characters = name.utf8CString
    }

    init(_ entry: DirectoryEntry) {
        shown = entry.shown
        characters = ContiguousArray(entry.bytes.map { CChar(bitPattern: $0) } + [0])
    }

    func withPointer<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        characters.withUnsafeBufferPointer { buffer in
            // It ends with a NUL, and so it is never empty.
            guard let first = buffer.baseAddress else { preconditionFailure("a name without its end") }
            return body(first)
        }
    }
}
