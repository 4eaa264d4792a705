import FDLCore
import FDLSystem
import FDLTrust
import Glibc

/// Gives what was staged its names in the tree.
struct TreeReveal {
    private let tree: PublishedTree
    private let bit: UInt64
    private let manifest: Manifest

    /// - Parameter number: the tree's in the plan.
    init(_ tree: PublishedTree, _ number: Int, _ manifest: Manifest) {
        self.tree = tree
        self.bit = 1 << UInt64(number)
        self.manifest = manifest
    }

    /// The chunks, and those compressed forms that were written.
    func chunks(_ plan: PublishPlan, compressed: [Int]) throws(TreeError) {
        do throws(SystemError) {
            var directories: Set<String> = []
            for (chunk, trees) in plan.writes.enumerated() where trees & bit != 0 {
                let digest = manifest.digests[chunk]
                try rename(tree.stagedPath(ofChunk: digest), tree.path(ofChunk: digest), &directories)
            }
            for chunk in compressed where plan.compressedWrites[chunk] & bit != 0 {
                let digest = manifest.digests[chunk]
                try rename(
                    tree.stagedPath(ofChunk: digest, compressed: true),
                    tree.path(ofChunk: digest, compressed: true),
                    &directories
                )
            }
            try sync(directories)
            if !directories.isEmpty { try sync([tree.absolute(String(TreePath.chunks.dropLast())), tree.path]) }
        } catch {
            throw .tree(error)
        }
    }

    /// The whole files. Until the manifest is there too, they may be those of no version, and the tree says so.
    func files(_ plan: PublishPlan, replacing kept: [PublishedVersion]) throws(TreeError) {
        guard plan.copies.contains(true) else { return }
        let prefix = TreePath.files(of: manifest)
        do throws(SystemError) {
            try WholeFile.replace(tree.absolute(PublishedTree.changing), with: [], mode: 0o666)
            try makeWayForFolder(kept)
            var directories: Set<String> = []
            for file in plan.copies.indices where plan.copies[file] {
                let path = tree.absolute(prefix + manifest.files[file].path.string)
                try rename(tree.stagedPath(ofFile: file), path, &directories)
            }
            try sync(directories)
        } catch {
            throw .tree(error)
        }
    }

    /// What was published as a file may have become a folder of the same name.
    private func makeWayForFolder(_ kept: [PublishedVersion]) throws(SystemError) {
        guard !manifest.isSingleFile else { return }
        let place = String(TreePath.files(of: manifest).dropLast())
        guard let status = try? FileStatus(path: tree.absolute(place), following: false), status.kind == .regular,
            kept.contains(where: { $0.manifest.name == manifest.name && $0.filePaths == [place] })
        else { return }
        try Directory.remove(tree.absolute(place))
    }

    /// Signatures and manifest, and then the index.
    func manifest(_ bytes: SignedBytes, _ documents: [(name: String, bytes: [UInt8])]) throws(TreeError) {
        let path = tree.path(ofManifest: manifest.name)
        let isNew = try tree.manifest(manifest.name)?.bytes != bytes.manifest
        do throws(SystemError) {
            try Directory.create(tree.absolute(String(TreePath.manifests.dropLast())))
            // The manifest last, so that what finds it finds what vouches for it.
            var files = documents.map { (path: tree.absolute(TreePath.manifests + $0.name), bytes: $0.bytes) }
            if let signature = bytes.signature { files.append((FileNames.signature(of: path), signature)) }
            files.append((path, bytes.manifest))
            try WholeFile.replace(files, mode: 0o666)
            try Directory.remove(tree.absolute(PublishedTree.changing))
        } catch {
            throw .tree(error)
        }
        if isNew { try removeSignatures(but: documents.map(\.name)) }
        try index()
    }

    /// Further signatures of the manifest that was replaced.
    private func removeSignatures(but kept: [String]) throws(TreeError) {
        let served = FileNames.served(manifest.name)
        for name in try tree.names(in: String(TreePath.manifests.dropLast())) where !kept.contains(name) {
            guard CompanionDocuments.isFurtherSignature(name, of: served) else { continue }
            do throws(SystemError) { try Directory.remove(tree.absolute(TreePath.manifests + name)) } catch {
                throw .tree(error)
            }
        }
    }

    /// The index, with this manifest's entry renewed, and without those whose manifests are gone.
    private func index() throws(TreeError) {
        let path = tree.absolute(TreePath.index.relative)
        let text = try? WholeFile.read(path, limit: ManifestIndex.maximumBytes)
        let there = text.flatMap { ManifestIndex(parsing: $0) }
        var entries: [ManifestIndex.Entry]
        if let there {
            let names = Set(try tree.names(in: String(TreePath.manifests.dropLast())))
            entries = there.entries.filter { $0.name != manifest.name && names.contains(FileNames.served($0.name)) }
        } else {
            entries = try tree.manifests().map { Self.entry($0.manifest) }.filter { $0.name != manifest.name }
        }
        entries.append(Self.entry(manifest))
        entries.sort { ($1.version, $0.name.string) < ($0.version, $1.name.string) }
        do throws(SystemError) {
            try WholeFile.replace(path, with: ManifestIndex(entries).encoded(), mode: 0o666)
        } catch {
            throw .tree(error)
        }
    }

    private static func entry(_ manifest: Manifest) -> ManifestIndex.Entry {
        ManifestIndex.Entry(
            name: manifest.name,
            version: manifest.version,
            files: TreePath.percentEncoded(TreePath.files(of: manifest))
        )
    }

    // MARK: Names

    private func rename(_ staged: String, _ path: String, _ directories: inout Set<String>) throws(SystemError) {
        let directory = Directory.containing(path)
        if directories.insert(directory).inserted { try Directory.create(directory) }
        try Directory.rename(staged, over: path)
    }

    private func sync(_ directories: some Collection<String>) throws(SystemError) {
        for directory in directories { try Descriptor(openingDirectory: directory).syncDirectory() }
    }
}
