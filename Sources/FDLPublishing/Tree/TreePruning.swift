import FDLCore
import FDLSystem

/// Removes from a tree what no manifest needs any more.
package struct TreePruning: Sendable {
    /// How many versions of each name keep their chunks, the one that is shown among them.
    package let keep: Int
    /// How long, in seconds, the chunks of a version stay after another has taken its place: readers may be at it.
    package let grace: Int64

    package init(keep: Int, grace: Int64) {
        self.keep = keep
        self.grace = grace
    }

    /// What was removed.
    package struct Result: Sendable, Hashable {
        package var chunks = 0
        package var files = 0
        /// In bytes, of chunks, their compressed forms and whole files.
        package var bytes: Int64 = 0
        /// How many versions the tree no longer has.
        package var versions = 0
    }

    /// - Parameter now: in seconds since 1970.
    /// - Throws: `TreeError`; nothing is removed if a manifest, or what the tree keeps of one, cannot be understood.
    package func run(_ tree: PublishedTree, now: Int64) throws(TreeError) -> Result {
        let shown = try tree.manifests()
        let (kept, dropped) = try sort(tree.publishedVersions(), shown, tree, now: now)
        var needed: Set<SHA256Digest> = []
        for version in kept { needed.formUnion(version.manifest.digests.filter(version.wants)) }
        // Nobody knows how one that was put there by hand is spread.
        for one in shown where !kept.contains(where: { $0.bytes == one.bytes }) {
            needed.formUnion(one.manifest.digests)
        }

        var result = Result()
        try removeChunks(in: tree, but: needed, now: now, &result)
        let paths = Set(kept.flatMap(\.filePaths))
        for version in dropped {
            for path in version.filePaths where !paths.contains(path) { try removeFile(path, in: tree, &result) }
            // Last: until then the next run finds again what is left to be removed.
            try tree.forget(version)
            result.versions += 1
        }
        return result
    }

    /// Splits the versions into those whose chunks stay and those whose chunks go.
    private func sort(
        _ versions: [PublishedVersion],
        _ shown: [(manifest: Manifest, bytes: [UInt8])],
        _ tree: PublishedTree,
        now: Int64
    ) throws(TreeError) -> (kept: [PublishedVersion], dropped: [PublishedVersion]) {
        var kept: [PublishedVersion] = []
        var dropped: [PublishedVersion] = []
        for (name, versions) in Dictionary(grouping: versions, by: \.manifest.name) {
            let current = shown.first { $0.manifest.name == name }
            let numbers = Set(versions.map(\.manifest.version)).sorted(by: >)
            // Of a name that the tree no longer shows, no version is kept for its number.
            let last = current == nil ? [] : Array(numbers.prefix(keep))
            for var version in versions {
                if version.superseded == nil, version.bytes != current?.bytes {
                    // A run that was killed, or a manifest that was removed by hand.
                    version.superseded = now
                    try tree.keep(version)
                }
                guard let superseded = version.superseded else {
                    kept.append(version)
                    continue
                }
                // Another way of spreading the same version counts as a version of its own: it only has its grace.
                let isLast = last.contains(version.manifest.version) && version.bytes != current?.bytes
                if isLast || now - superseded < grace { kept.append(version) } else { dropped.append(version) }
            }
        }
        return (kept, dropped)
    }

    private func removeChunks(
        in tree: PublishedTree,
        but needed: Set<SHA256Digest>,
        now: Int64,
        _ result: inout Result
    ) throws(TreeError) {
        let place = String(TreePath.chunks.dropLast())
        for prefix in try tree.names(in: place) where prefix.utf8.count == 2 {
            for name in try tree.names(in: TreePath.chunks + prefix) {
                let isCompressed = name.utf8.ends(with: FileNames.compressedSuffix)
                let hex = isCompressed ? String(name.dropLast(FileNames.compressedSuffix.count)) : name
                // What is no chunk is somebody else's.
                guard let digest = SHA256Digest(hex: hex), hex.hasPrefix(prefix), !needed.contains(digest) else {
                    continue
                }
                let path = tree.absolute("\(TreePath.chunks)\(prefix)/\(name)")
                guard let status = try? FileStatus(path: path, following: false), status.kind == .regular,
                    // One that no version names may be older than what the tree knows of.
                    now - status.modified / 1_000_000_000 >= grace
                else { continue }
                do throws(SystemError) {
                    guard try Directory.remove(path) else { continue }
                } catch {
                    throw .tree(error)
                }
                result.bytes += status.size
                if !isCompressed { result.chunks += 1 }
            }
        }
    }

    private func removeFile(_ relative: String, in tree: PublishedTree, _ result: inout Result) throws(TreeError) {
        let path = tree.absolute(relative)
        guard let status = try? FileStatus(path: path, following: false), status.kind == .regular else { return }
        do throws(SystemError) {
            guard try Directory.remove(path) else { return }
        } catch {
            throw .tree(error)
        }
        result.files += 1
        result.bytes += status.size
        var directory = splitLast(relative).directory
        while let place = directory, place.utf8.count >= TreePath.files.utf8.count,
            Directory.removeEmpty(tree.absolute(place))
        {
            directory = splitLast(place).directory
        }
    }
}
