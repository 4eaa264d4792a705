package import FDLCore
import FDLSystem
package import FDLTrust
import Glibc

/// Publishes one manifest, with what it lists, into one tree or spread over several.
///
/// Everything is read, verified and written below `.fdl/new` before anything is visible. Then the chunks get their names,
/// then the whole files, then signatures and manifest, then the index: a process that ends at any moment leaves trees that
/// are right, and the next run goes on from there.
package struct TreePublishing: Sendable {
    private let manifest: Manifest
    private let bytes: SignedBytes
    private let source: PublishingSource
    private let trees: [PublishedTree]
    private let options: PublishingOptions

    /// - Parameters:
    ///   - bytes: the signed manifest that `manifest` was verified from.
    ///   - trees: one for each of the placement's directories, or one alone.
    package init(
        _ manifest: Manifest,
        _ bytes: SignedBytes,
        from source: PublishingSource,
        into trees: [PublishedTree],
        _ options: PublishingOptions
    ) {
        self.manifest = manifest
        self.bytes = bytes
        self.source = source
        self.trees = trees
        self.options = options
    }

    /// - Parameters:
    ///   - now: the publisher's clock, in seconds since 1970.
    ///   - threads: how many read, verify and write, at most.
    ///   - progress: is told how many bytes are read and verified.
    /// - Throws: `TreeError`
    package func run(now: Int64, threads: Int, progress: ProgressReport?) async throws(TreeError) -> PublishingSummary {
        var kept: [[PublishedVersion]] = []
        for tree in trees {
            try checkVersion(in: tree)
            kept.append(try tree.publishedVersions())
        }
        try checkPaths(kept[0])
        let facts = try facts(kept)
        let plan = PublishPlan(manifest, facts)
        let staging = StagingRun(manifest, from: source, plan, into: trees, options)
        let result: StagingRun.Result
        do throws(TreeError) {
            result = try await staging.run(threads: threads, progress: progress)
        } catch {
            // What an interrupted run has left is gone on with; what cannot be completed must not fill the disk.
            if error != .cancelled { for tree in trees { try? tree.removeStaged() } }
            throw error
        }
        for (number, tree) in trees.enumerated() {
            try TreeReveal(tree, number, manifest).chunks(plan, compressed: result.compressed)
        }
        for (number, tree) in trees.enumerated() {
            try reveal(tree, number, plan, kept[number], now: now)
        }
        return summary(facts, plan, result)
    }

    private func reveal(
        _ tree: PublishedTree,
        _ number: Int,
        _ plan: PublishPlan,
        _ kept: [PublishedVersion],
        now: Int64
    ) throws(TreeError) {
        let version = version(forTree: number)
        let reveal = TreeReveal(tree, number, manifest)
        try tree.keep(version)
        try reveal.files(plan, replacing: kept)
        try reveal.manifest(bytes, options.documents)
        for var old in kept
        where old.manifest.name == manifest.name && old.superseded == nil && old.fileName != version.fileName {
            old.superseded = now
            try tree.keep(old)
        }
        try tree.removeStaged()
    }

    private func version(forTree number: Int) -> PublishedVersion {
        PublishedVersion(
            manifest,
            bytes.manifest,
            share: options.placement.map { PublishedVersion.Share(placement: $0, directory: number) },
            hasFiles: copiesFiles,
            isCompressed: options.compressionLevel != nil
        )
    }

    /// Fragments have no whole files: none of them has the whole.
    private var copiesFiles: Bool { trees.count == 1 && options.files != .none }

    // MARK: What is refused

    private func checkVersion(in tree: PublishedTree) throws(TreeError) {
        guard let there = try tree.manifest(manifest.name) else { return }
        guard there.manifest.version <= manifest.version else {
            throw .older(version: manifest.version, there: there.manifest.version, path: tree.path)
        }
    }

    /// Two products must not have one file.
    private func checkPaths(_ kept: [PublishedVersion]) throws(TreeError) {
        guard copiesFiles else { return }
        let own = Self.place(of: manifest)
        for version in kept where version.hasFiles && version.superseded == nil {
            guard version.manifest.name == manifest.name || Self.place(of: version.manifest) != own else {
                throw .pathTaken(path: trees[0].absolute(own), by: version.manifest.name)
            }
        }
    }

    /// The entry of `files/` that is a manifest's own.
    private static func place(of manifest: Manifest) -> String {
        manifest.isSingleFile
            ? TreePath.files + manifest.files[0].path.string : String(TreePath.files(of: manifest).dropLast())
    }

    // MARK: What is there

    private func facts(_ kept: [[PublishedVersion]]) throws(TreeError) -> PublishPlan.Facts {
        var facts = PublishPlan.Facts(chunks: manifest.digests.count, files: manifest.files.count)
        let all = trees.indices.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }
        var seen: Set<SHA256Digest> = []
        let tried = kept.map { versions in
            versions.filter(\.isCompressed).reduce(into: Set<SHA256Digest>()) { $0.formUnion($1.manifest.digests) }
        }
        for (chunk, digest) in manifest.digests.enumerated() where seen.insert(digest).inserted {
            let length = manifest.layout.length(ofChunk: chunk)
            let wanted = options.placement?.holders(of: digest).reduce(UInt64(0)) { $0 | 1 << UInt64($1) } ?? all
            facts.wanted[chunk] = wanted
            for (number, tree) in trees.enumerated() where wanted & (1 << UInt64(number)) != 0 {
                let isThere = tree.has(digest, length: length)
                if isThere { facts.there[chunk] |= 1 << UInt64(number) }
                // One that did not shrink before does not shrink now.
                guard options.compressionLevel != nil, !isThere || !tried[number].contains(digest) else { continue }
                if !tree.hasCompressed(digest) { facts.compressedWanted[chunk] |= 1 << UInt64(number) }
            }
        }
        if copiesFiles { facts.copies = try copies(kept[0]) }
        return facts
    }

    /// Which whole files are not in the tree as this manifest lists them.
    private func copies(_ kept: [PublishedVersion]) throws(TreeError) -> [Bool] {
        let tree = trees[0]
        let there = try tree.manifest(manifest.name)
        let isSettled = (try? FileStatus(path: tree.absolute(PublishedTree.changing))) == nil
        let current = kept.first { $0.hasFiles && $0.bytes == there?.bytes }
        guard isSettled, let current = current?.manifest, TreePath.files(of: current) == TreePath.files(of: manifest)
        else { return Array(repeating: true, count: manifest.files.count) }
        let known = Dictionary(uniqueKeysWithValues: current.files.indices.map { (current.files[$0].path, $0) })
        let prefix = TreePath.files(of: manifest)
        return manifest.files.indices.map { file in
            let listed = manifest.files[file]
            guard let old = known[listed.path], isSame(file, old, of: current),
                let status = try? FileStatus(path: tree.absolute(prefix + listed.path.string), following: false),
                status.kind == .regular, status.size == listed.size,
                // Whoever edits the other name edits this one.
                status.links == 1
            else { return true }
            return false
        }
    }

    private func isSame(_ file: Int, _ old: Int, of other: Manifest) -> Bool {
        let (new, listed) = (manifest.files[file], other.files[old])
        guard new.size == listed.size, new.isExecutable == listed.isExecutable, manifest.chunkSize == other.chunkSize
        else { return false }
        return manifest.digests[manifest.layout.chunks(ofFile: file)] == other.digests[other.layout.chunks(ofFile: old)]
    }

    private func summary(
        _ facts: PublishPlan.Facts,
        _ plan: PublishPlan,
        _ result: StagingRun.Result
    ) -> PublishingSummary {
        var summary = PublishingSummary(trees: trees.map { PublishingSummary.Tree(path: $0.path) })
        for chunk in manifest.digests.indices {
            for number in trees.indices {
                let bit = UInt64(1) << UInt64(number)
                if facts.wanted[chunk] & bit != 0 { summary.trees[number].chunks += 1 }
                if plan.writes[chunk] & bit != 0 {
                    summary.trees[number].newChunks += 1
                    summary.trees[number].newBytes += Int64(manifest.layout.length(ofChunk: chunk))
                }
            }
        }
        for chunk in result.compressed {
            for number in trees.indices where plan.compressedWrites[chunk] & (1 << UInt64(number)) != 0 {
                summary.trees[number].compressed += 1
            }
        }
        summary.files = result.files
        summary.notLinked = result.notLinked
        return summary
    }
}
