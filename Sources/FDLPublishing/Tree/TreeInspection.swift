package import FDLCore
import FDLSystem
import FDLTrust
import Synchronization

/// Counts the good copies of each chunk of a manifest in several trees, looks at the whole files, and makes what is missing
/// or wrong.
package struct TreeInspection: Sendable {
    let manifest: Manifest
    private let bytes: [UInt8]
    let trees: [PublishedTree]
    /// What each tree is to have.
    let versions: [PublishedVersion]
    /// Which of the trees are to have the whole files.
    let fileHolders: [Int]
    /// Where the bytes can be had too; nil for the trees alone.
    let source: PublishingSource?

    /// - Parameters:
    ///   - manifest: one that some of the trees show, or that they are to have.
    ///   - bytes: its text.
    /// - Throws: `TreeError`
    package init(
        _ manifest: Manifest,
        _ bytes: [UInt8],
        in trees: [PublishedTree],
        from source: PublishingSource?
    ) throws(TreeError) {
        var known: [PublishedVersion?] = []
        var counted: [PublishedTree] = []
        var isShown = false
        for tree in trees {
            let own = try tree.publishedVersions().first { $0.bytes == bytes }
            let shown = try tree.manifest(manifest.name)
            if own != nil || shown?.bytes == bytes { isShown = true }
            // One that shows another version is not to have this one.
            guard own != nil || shown == nil || shown?.bytes == bytes else { continue }
            known.append(own)
            counted.append(tree)
        }
        guard isShown else { throw .nothingPublished(path: trees.map(\.path).joined(separator: ", ")) }
        self.manifest = manifest
        self.bytes = bytes
        self.trees = counted
        self.source = source
        versions = known.indices.map { Self.version($0, known) ?? PublishedVersion(manifest, bytes) }
        var holders: [Int] = []
        for (number, tree) in counted.enumerated() where try Self.hasFiles(tree, manifest, bytes, known[number]) {
            holders.append(number)
        }
        fileHolders = holders
    }

    /// Whether a tree is to have the whole files: those of the version that it shows, if it was published with them. If it
    /// is not known how, as after a copy without `.fdl`, what is there tells.
    private static func hasFiles(
        _ tree: PublishedTree,
        _ manifest: Manifest,
        _ bytes: [UInt8],
        _ known: PublishedVersion?
    ) throws(TreeError) -> Bool {
        guard try tree.manifest(manifest.name)?.bytes == bytes else { return false }
        if known != nil { return try tree.publishedVersions().contains { $0.bytes == bytes && $0.hasFiles } }
        let place = TreePath.files(of: manifest)
        return manifest.files.contains { file in
            (try? FileStatus(path: tree.absolute(place + file.path.string), following: false)) != nil
        }
    }

    /// What a tree has to have. One that has lost all takes the place that the others leave.
    private static func version(_ number: Int, _ known: [PublishedVersion?]) -> PublishedVersion? {
        if let own = known[number] { return own }
        guard let other = known.compactMap({ $0 }).first, let placement = other.share?.placement,
            placement.urls.count == known.count,
            !known.contains(where: { $0?.share?.directory == number && $0?.share?.placement == placement })
        else { return nil }
        return PublishedVersion(
            other.manifest,
            other.bytes,
            share: PublishedVersion.Share(placement: placement, directory: number),
            hasFiles: false,
            isCompressed: other.isCompressed
        )
    }

    /// The manifests that the trees show, each once.
    package static func manifests(
        in trees: [PublishedTree]
    ) throws(TreeError) -> [(manifest: Manifest, bytes: [UInt8])] {
        var found: [(manifest: Manifest, bytes: [UInt8])] = []
        for tree in trees {
            for one in try tree.manifests() where !found.contains(where: { $0.bytes == one.bytes }) {
                found.append(one)
            }
        }
        guard !found.isEmpty else { throw .nothingPublished(path: trees.map(\.path).joined(separator: ", ")) }
        return found
    }

    /// - Parameters:
    ///   - healing: whether copies that are missing or wrong are made from good ones.
    ///   - threads: how many read and hash, at most.
    ///   - progress: is told how many bytes of chunks, each counted once, and of files are looked at.
    /// - Throws: `TreeError`
    package func run(healing: Bool, threads: Int, progress: ProgressReport?) async throws(TreeError) -> CopyReport {
        var firsts: [Int] = []
        var seen: Set<SHA256Digest> = []
        for (chunk, digest) in manifest.digests.enumerated() where seen.insert(digest).inserted { firsts.append(chunk) }
        let (chunks, layout) = (firsts, manifest.layout)
        let files = FileInspection(self)
        let total = chunks.reduce(files.totalBytes) { $0 + Int64(layout.length(ofChunk: $1)) }
        let queue = WorkQueue()
        let report = Mutex(CopyReport(name: manifest.name, version: manifest.version))
        try await inParallel(threads: max(1, min(threads, chunks.count))) { stop in
            let inspector = ChunkInspector(self, healing: healing)
            while let index = queue.next(of: chunks.count) {
                guard !stop.isSet else { throw TreeError.cancelled }
                try inspector.inspect(chunks[index])
                progress?(queue.count(Int64(layout.length(ofChunk: chunks[index]))), total)
            }
            report.withLock { $0.add(inspector.report) }
        }
        // After the chunks: it is from them that a file is made again.
        let found = try await files.run(healing: healing, threads: threads) { _ = progress?(queue.count($0), total) }
        report.withLock { $0.add(found) }
        if healing { for number in trees.indices { try restoreManifest(in: number) } }
        return report.withLock { report in
            report.lacking.sort { $0.digest.hex < $1.digest.hex }
            return report
        }
    }

    /// A tree that has lost its manifest gets it from another.
    private func restoreManifest(in number: Int) throws(TreeError) {
        let tree = trees[number]
        guard try tree.manifest(manifest.name) == nil else { return }
        for other in trees {
            guard try other.manifest(manifest.name)?.bytes == bytes else { continue }
            let path = other.path(ofManifest: manifest.name)
            let documents = try CompanionDocuments.find(beside: path, of: manifest.name)
            let signature: [UInt8]?
            do throws(VerificationError) { signature = try SignedBytes.signature(besideFile: path) } catch {
                throw .unreadable(path: FileNames.signature(of: path), reason: "\(error)")
            }
            try tree.keep(versions[number])
            let signed = SignedBytes(manifest: bytes, signature: signature, origin: path)
            return try TreeReveal(tree, number, manifest).manifest(signed, documents)
        }
    }
}

extension PublishedVersion {
    /// One that nothing is known of: all of its chunks belong to each tree.
    fileprivate init(_ manifest: Manifest, _ bytes: [UInt8]) {
        self.init(manifest, bytes, share: nil, hasFiles: false, isCompressed: false)
    }
}
