public import FDLCore
import FDLSystem
import Glibc

/// What is to be published: one regular file, or the regular files of a folder, as they were found.
public struct PublishingInput: Sendable {
    /// Without a trailing slash, and not ending in `.` or `..`, so that its last part is the input's name.
    public let path: String
    /// Sorted by the bytes of their paths; never empty.
    public let files: [File]
    /// Symbolic links and special files of a folder: they are left out, and a person should be told.
    public let skipped: [String]
    let isFolder: Bool

    /// One file as it was found.
    public struct File: Sendable, Hashable {
        public let path: SafePath
        /// In bytes.
        public let size: Int64
        public let isExecutable: Bool
        let identity: FileIdentity
    }

    /// The bytes of all files together.
    public var totalBytes: Int64 { files.reduce(0) { $0 &+ $1.size } }

    /// The input's own name.
    public var baseName: String { pathParts(path).last ?? "files" }

    /// Where the manifest is written by default: beside the input.
    public var defaultOutput: String {
        let name = FileNames.manifest(of: baseName)
        return splitLast(path).directory.map { "\($0)/\(name)" } ?? name
    }

    /// Finds the files below `path`.
    /// - Parameter outputs: files that are about to be written. If they are in the folder they are left out, as are
    ///   files whose name, or that of a directory they are in, has one of our own suffixes.
    /// - Throws: `PublishingError`
    public init(scanning path: String, leavingOut outputs: [String] = []) throws(PublishingError) {
        let path = try Self.resolved(path)
        let status: FileStatus
        do { status = try FileStatus(path: path) } catch { throw .input(error) }
        self.path = path
        switch status.kind {
        case .regular:
            let name = pathParts(path).last ?? ""
            self.isFolder = false
            self.skipped = []
            self.files = [try Self.file(name, status, at: path)]
        case .directory:
            let listing: FileTree.Listing
            do { listing = try FileTree.regularFiles(beneath: path) } catch { throw .input(error) }
            if let name = listing.unreadableNames.first { throw .nameNotUTF8(name) }
            let own = Set(outputs.compactMap { try? FileStatus(path: $0) }.map { FileIdentity($0).file })
            self.isFolder = true
            self.skipped = listing.skipped
            var files: [File] = []
            for entry in listing.files
            where !SafePath.isReserved(entry.path) && !own.contains(FileIdentity(entry.status).file) {
                files.append(try Self.file(entry.path, entry.status, at: "\(path)/\(entry.path)"))
            }
            guard !files.isEmpty else { throw .emptyFolder(path: path) }
            self.files = files
        case .symbolicLink, .other:
            throw .notAFile(path: path)
        }
    }

    private static func file(
        _ path: String,
        _ status: FileStatus,
        at place: String
    ) throws(PublishingError) -> File {
        // Files of /proc have the size 0; their bytes are made as they are read.
        guard status.size > 0 || !hasBytes(place) else { throw .sizeUntrue(path: place) }
        do {
            return File(
                path: try SafePath(path),
                size: status.size,
                isExecutable: status.isExecutable,
                identity: FileIdentity(status)
            )
        } catch {
            throw .invalidPath(path, error)
        }
    }

    private static func hasBytes(_ path: String) -> Bool {
        do throws(SystemError) {
            // O_NONBLOCK: what was a file may be a pipe by now.
            let file = try Descriptor(opening: path, flags: O_RDONLY | O_NOCTTY | O_NONBLOCK)
            _ = try file.readAll(limit: 0)
            return false
        } catch {
            return error.code == EFBIG
        }
    }

    /// Drops trailing slashes. A path that ends in `.` or `..` is resolved, since its last part is not a name.
    private static func resolved(_ path: String) throws(PublishingError) -> String {
        let slash = UInt8(ascii: "/")
        let kept = path.utf8.count - path.utf8.reversed().prefix { $0 == slash }.count
        let path = String(decoding: path.utf8.prefix(max(kept, min(1, path.utf8.count))), as: UTF8.self)
        guard path.isEmpty || pathParts(path).last.map({ $0 == "." || $0 == ".." }) == true else { return path }
        do throws(SystemError) { return try realPath(path) } catch { throw .input(error) }
    }
}

/// Tells whether a file is still the one that was found, and unchanged by its size and the time of its last change.
struct FileIdentity: Sendable, Hashable {
    /// Which file it is, under any of its names.
    let file: FileStatus.Identity
    private let size: Int64
    private let modified: Int64

    init(_ status: FileStatus) {
        self.file = status.identity
        self.size = status.size
        self.modified = status.modified
    }
}
