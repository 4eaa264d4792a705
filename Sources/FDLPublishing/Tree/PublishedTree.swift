package import FDLCore
import FDLSystem
import FDLTrust
import Glibc

/// A directory that holds a published tree (`docs/formats.md`), locked against other publishers.
///
/// What is being written lies below `.fdl/new` until it is whole and on the disk; then it is renamed. So the tree is right
/// whenever the process ends, and the next run goes on with what lies there.
package final class PublishedTree: Sendable {
    /// For messages, without slashes at its end.
    package let path: String
    /// Opened before anything is written, so that it is told of all writes that are lost.
    let root: SharedDescriptor
    let identity: FileStatus.Identity
    /// nil if the tree is only looked at.
    private let lock: SharedDescriptor?
    /// Whether an earlier run has left something below `.fdl/new`.
    let hasLeftovers: Bool

    /// What is done with a tree.
    package enum Use: Sendable {
        case looking
        /// Nobody else changes it meanwhile.
        case changing
        /// Likewise; the directory is made if it is missing.
        case making
    }

    /// Opens the directory, and takes its lock to change it.
    /// - Throws: `TreeError.tree` or `.busy`
    package init(_ path: String, for use: Use) throws(TreeError) {
        let path = withoutTrailingSlashes(path)
        self.path = path
        do throws(SystemError) {
            if use == .making { try Directory.create(path) }
            root = SharedDescriptor(try Descriptor(opening: path, flags: O_RDONLY | O_DIRECTORY))
            identity = try root.descriptor.status().identity
            hasLeftovers = (try? FileStatus(path: "\(path)/\(Self.new)")) != nil
            guard use != .looking else {
                lock = nil
                return
            }
            // Not for the server: what lies there is not published yet, or not any more.
            try Directory.create("\(path)/\(FileNames.publishing)", mode: 0o770)
            let lockPath = "\(path)/\(FileNames.publishing)/lock"
            let flags = O_RDWR | O_CREAT | O_NOFOLLOW
            lock = SharedDescriptor(try Descriptor(opening: lockPath, flags: flags, mode: 0o666))
            guard try lock?.descriptor.lock() != .held else { throw SystemError(operation: .lock, code: EWOULDBLOCK) }
        } catch {
            guard error.code != EWOULDBLOCK else { throw .busy(path: path) }
            throw .tree(error)
        }
    }

    deinit { lock?.descriptor.unlock() }

    // MARK: Paths

    static let new = "\(FileNames.publishing)/new"
    static let versions = "\(FileNames.publishing)/versions"
    /// Lies in the tree while its whole files may be those of no version.
    static let changing = "\(FileNames.publishing)/changing"

    func absolute(_ relative: String) -> String { "\(path)/\(relative)" }

    /// Where a chunk lies, or its compressed form.
    func path(ofChunk digest: SHA256Digest, compressed: Bool = false) -> String {
        absolute(TreePath.chunk(digest).relative + (compressed ? FileNames.compressedSuffix : ""))
    }

    /// Where a chunk lies until it is published.
    func stagedPath(ofChunk digest: SHA256Digest, compressed: Bool = false) -> String {
        let hex = digest.hex
        return absolute("\(Self.new)/\(hex.prefix(2))/\(hex)\(compressed ? FileNames.compressedSuffix : "")")
    }

    /// Where a whole file lies until it is published.
    /// - Parameter file: its number in the manifest.
    func stagedPath(ofFile file: Int) -> String { absolute("\(Self.new)/files/\(file)") }

    func path(ofManifest name: ManifestName) -> String { absolute(TreePath.manifests + FileNames.served(name)) }

    // MARK: What is there

    /// Whether a chunk is there, told by its size: it was written whole, and its name says what is in it.
    func has(_ digest: SHA256Digest, length: Int) -> Bool {
        guard let status = try? FileStatus(path: path(ofChunk: digest), following: false) else { return false }
        return status.kind == .regular && status.size == Int64(length)
    }

    func hasCompressed(_ digest: SHA256Digest) -> Bool {
        (try? FileStatus(path: path(ofChunk: digest, compressed: true), following: false)) != nil
    }

    /// The manifest that the tree shows under a name; nil if there is none.
    /// - Throws: `TreeError.tree` or `.unreadable`
    package func manifest(_ name: ManifestName) throws(TreeError) -> (manifest: Manifest, bytes: [UInt8])? {
        try manifest(at: path(ofManifest: name))
    }

    private func manifest(at path: String) throws(TreeError) -> (manifest: Manifest, bytes: [UInt8])? {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try WholeFile.read(path, limit: Manifest.maximumBytes)
        } catch {
            guard !error.isNotFound else { return nil }
            throw .tree(error)
        }
        do throws(ManifestError) { return (try Manifest(parsing: bytes), bytes) } catch {
            throw .unreadable(path: path, reason: "\(error)")
        }
    }

    /// All manifests that the tree shows, by name.
    /// - Throws: `TreeError.tree` or `.unreadable`
    package func manifests() throws(TreeError) -> [(manifest: Manifest, bytes: [UInt8])] {
        var found: [(manifest: Manifest, bytes: [UInt8])] = []
        for name in try names(in: String(TreePath.manifests.dropLast()))
        where name.utf8.ends(with: FileNames.servedManifestSuffix) {
            let stem = name.dropLast(FileNames.servedManifestSuffix.count)
            // Those that are no names of manifests are the tree's own files.
            guard ManifestName(String(stem)) != nil else { continue }
            if let one = try manifest(at: absolute(TreePath.manifests + name)) { found.append(one) }
        }
        return found
    }

    /// What the tree keeps of all publishings, the newest version of each name first.
    /// - Throws: `TreeError.tree` or `.unreadable`
    package func publishedVersions() throws(TreeError) -> [PublishedVersion] {
        var versions: [PublishedVersion] = []
        for name in try names(in: Self.versions) where !FileNames.isPartial(name) {
            let path = absolute("\(Self.versions)/\(name)")
            let text: [UInt8]
            do throws(SystemError) {
                text = try WholeFile.read(path, limit: Manifest.maximumBytes + (1 << 20))
            } catch {
                throw .tree(error)
            }
            guard let version = PublishedVersion(parsing: text) else {
                throw .unreadable(path: path, reason: "it is not as fdl-sign publish wrote it")
            }
            versions.append(version)
        }
        return versions.sorted { left, right in
            let (a, b) = (left.manifest, right.manifest)
            return (a.name.string, b.version) < (b.name.string, a.version)
        }
    }

    /// The entries of a directory of the tree, sorted; none if it is not there.
    func names(in relative: String) throws(TreeError) -> [String] {
        do throws(SystemError) {
            let directory = try Descriptor(opening: absolute(relative), flags: O_RDONLY | O_DIRECTORY)
            return try directory.entries().compactMap(\.text).sorted()
        } catch {
            guard !error.isNotFound else { return [] }
            throw .tree(error)
        }
    }

    // MARK: Changes

    /// Keeps what was published, whole or not at all.
    func keep(_ version: PublishedVersion) throws(TreeError) {
        do throws(SystemError) {
            try Directory.create(absolute(Self.versions))
            try WholeFile.replace(absolute("\(Self.versions)/\(version.fileName)"), with: version.encoded, mode: 0o666)
        } catch {
            throw .tree(error)
        }
    }

    /// Forgets a publishing.
    func forget(_ version: PublishedVersion) throws(TreeError) {
        do throws(SystemError) { try Directory.remove(absolute("\(Self.versions)/\(version.fileName)")) } catch {
            throw .tree(error)
        }
    }

    /// Removes what is not published yet.
    func removeStaged() throws(TreeError) {
        do throws(SystemError) {
            let own = try Descriptor(openingDirectory: absolute(FileNames.publishing))
            try own.removeTree(child: splitLast(Self.new).name)
        } catch {
            throw .tree(error)
        }
    }
}

extension PublishedTree {
    /// Opens several directories, of which no two may be one.
    /// - Throws: `TreeError.tree`, `.busy` or `.sameDirectory`
    package static func open(_ paths: [String], for use: Use) throws(TreeError) -> [PublishedTree] {
        var trees: [PublishedTree] = []
        for path in paths {
            // Before its lock is asked for, which this process may hold itself.
            if let identity = try? FileStatus(path: path).identity,
                let same = trees.first(where: { $0.identity == identity })
            {
                throw .sameDirectory(same.path, path)
            }
            trees.append(try PublishedTree(path, for: use))
        }
        return trees
    }

    /// Whether a manifest that was published at a path can be read by its owner and group alone.
    package static func isHiddenFromOthers(_ path: String, _ name: ManifestName) -> Bool {
        let manifest = "\(path)/\(TreePath.manifests)\(FileNames.served(name))"
        let places = [path, "\(path)/\(TreePath.manifests)", manifest]
        return places.contains { place in
            guard let status = try? FileStatus(path: place) else { return false }
            return status.mode & (status.kind == .directory ? 0o001 : 0o004) == 0
        }
    }
}
