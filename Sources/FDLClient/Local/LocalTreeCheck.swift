public import FDLCore
import FDLSystem
public import FDLTrust
import Glibc
import NIOCore

/// Checks files on this machine against a manifest, without any network.
public enum LocalTreeCheck {
    /// The result of a check.
    public struct Report: Sendable, Equatable {
        public let totalChunks: Int
        public let matchingChunks: Int
        /// What differs from the manifest: a folded pair of names, if any, then the files in the manifest's order.
        public let problems: [Problem]
        /// Files in a folder that the manifest does not list. That is no problem, but a download does not replace such a
        /// folder. Of a selection there are none.
        public let unlisted: Unlisted?

        public var isComplete: Bool { problems.isEmpty }
    }

    /// Files of which the manifest says nothing.
    public struct Unlisted: Sendable, Equatable {
        /// The path of one of them, within the folder.
        public let example: String
        public let count: Int
    }

    /// What is wrong with one file.
    public struct Problem: Sendable, Equatable {
        public let path: String
        public let kind: Kind

        public enum Kind: Sendable, Equatable {
            case missing
            case wrongSize(expected: Int64, found: Int64)
            /// The size is right, but this many chunks have wrong bytes; where the first of them begins in the file.
            case damaged(chunks: Int, first: Int64)
            /// It lacks the executable bit, or has it although it should not.
            case executable(expected: Bool)
            /// The file system takes it and another listed file for the same file.
            case folded(with: String)
        }
    }

    /// Hashes the file or folder at `path`, using all cores.
    /// - Parameter progress: is told how many bytes have been read.
    /// - Throws: `Failure`: 64 if there is nothing at `path`, or a file instead of a folder or the reverse; 74 if it
    ///   cannot be read, or this machine has too few threads or too little memory.
    public static func check(
        _ verified: VerifiedManifest,
        at path: String,
        progress: @escaping ScanProgress = { _, _ in }
    ) async throws(Failure) -> Report {
        try explaining { () throws(SystemError) in
            try ProcessLimits.check(threads: System.coreCount + 2, bytes: 32 << 20)
        }
        do {
            return try await check(verified.manifest, at: path, progress)
        } catch {
            throw Failure(of: error)
        }
    }

    private static func check(
        _ manifest: Manifest,
        at path: String,
        _ progress: @escaping ScanProgress
    ) async throws -> Report {
        let tree = try tree(manifest, at: path)
        let layout = manifest.layout
        let scanner = ChunkScanner(layout: layout, digests: manifest.digests, subject: .files, progress: progress)
        let found = try await scanner.matchingChunks(in: tree)
        var problems: [Problem] = []
        if let (path, other) = try tree.folder?.foldedPair() {
            problems.append(Problem(path: path, kind: .folded(with: other)))
        }
        let statuses = try manifest.files.indices.map { try tree.open($0)?.status() }
        let countsBits = countsBits(statuses, tree)
        for (index, file) in manifest.files.enumerated() {
            let shown = manifest.isSingleFile ? path : file.path.string
            guard let status = statuses[index] else {
                problems.append(Problem(path: shown, kind: .missing))
                continue
            }
            let damaged = layout.chunks(ofFile: index).filter { !found.contains($0) }
            if status.size != file.size {
                problems.append(Problem(path: shown, kind: .wrongSize(expected: file.size, found: status.size)))
            } else if let first = damaged.first {
                let offset = layout.location(ofChunk: first).offset
                problems.append(Problem(path: shown, kind: .damaged(chunks: damaged.count, first: offset)))
            } else if countsBits, status.isExecutable != file.isExecutable {
                problems.append(Problem(path: shown, kind: .executable(expected: file.isExecutable)))
            }
        }
        return Report(
            totalChunks: found.bound,
            matchingChunks: found.count,
            problems: problems,
            // Other files that cannot be read are not what is asked about.
            unlisted: manifest.isSelection ? nil : (try? unlisted(in: tree)) ?? nil
        )
    }

    private static func unlisted(in tree: LocalTree) throws(SystemError) -> Unlisted? {
        var first: String?
        var count = 0
        try tree.folder?.forEachUnlisted { path in
            first = first ?? path
            count += 1
            return true
        }
        return first.map { Unlisted(example: $0, count: count) }
    }

    private static func tree(_ manifest: Manifest, at path: String) throws -> LocalTree {
        let status: FileStatus
        do throws(SystemError) { status = try FileStatus(path: path) } catch {
            throw Failure(
                error.isNotFound ? .usage : .localIO,
                error.description,
                hint: "name the file or folder to verify after the manifest"
            )
        }
        guard manifest.isSingleFile != (status.kind == .directory) else {
            throw Failure(
                .usage,
                manifest.isSingleFile
                    ? "\(path) is a directory, and the manifest lists one file"
                    : "\(path) is a file, and the manifest lists a folder",
                hint: "name the \(manifest.isSingleFile ? "file" : "folder") to verify after the manifest"
            )
        }
        if status.kind == .directory {
            let folder = SharedDescriptor(try Descriptor(opening: path, flags: O_RDONLY | O_DIRECTORY))
            return LocalTree(folder: folder, manifest: manifest)
        }
        // `LocalTree` does not follow a link in the last part of a path, but the path given may well be one.
        let path = try realPath(path)
        let parent = try Descriptor(openingDirectory: Directory.containing(path))
        let directory = SharedDescriptor(parent)
        return LocalTree(directory: directory, fileName: splitLast(path).name)
    }

    /// Whether a wrong executable bit counts as a problem. It does not if the file system shows the same mode for all
    /// files.
    private static func countsBits(_ statuses: [FileStatus?], _ tree: LocalTree) -> Bool {
        switch tree.root.descriptor.executableBits() {
        case .kept: true
        case .none: false
        case .unknown: Set(statuses.compactMap { $0?.isExecutable }).count == 2
        }
    }

    /// Sets or clears the executable bit of each file as the manifest says.
    /// - Returns: how many files lack the bit because it cannot be set.
    static func putBitsRight(_ tree: LocalTree, _ manifest: Manifest) throws(SystemError) -> Int {
        var left = 0
        for (index, file) in manifest.files.enumerated() {
            guard let opened = try tree.open(index) else { continue }
            let status = try opened.status()
            guard status.isExecutable != file.isExecutable else { continue }
            if try !opened.setExecutable(file.isExecutable, status), file.isExecutable { left += 1 }
        }
        return left
    }

    /// Whether every file exists with the right size: the cheap part of a check, to be done before hashing.
    static func sizesMatch(_ tree: LocalTree, _ manifest: Manifest) throws(SystemError) -> Bool {
        for (index, file) in manifest.files.enumerated() {
            guard let opened = try tree.open(index), try opened.status().size == file.size else { return false }
        }
        return true
    }
}

extension LocalTreeCheck.Problem: CustomStringConvertible {
    /// One sentence for a person, without a full stop: the path and what is wrong with it.
    public var description: String { "\(path) \(kind)" }
}

extension LocalTreeCheck.Problem.Kind: CustomStringConvertible {
    /// The rest of a sentence that begins with the path.
    public var description: String {
        switch self {
        case .missing: "is missing"
        case .wrongSize(let expected, let found): "has \(found) bytes instead of \(expected)"
        case .damaged(let chunks, let first):
            "is damaged in \(counted(chunks, "chunk")), \(chunks == 1 ? "" : "the first ")at byte \(first)"
        case .executable(true): "lacks the executable bit"
        case .executable(false): "has the executable bit, which it should not"
        case .folded(let other): "and \(other) are one file on this file system"
        }
    }
}
