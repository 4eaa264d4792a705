import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust
import Glibc
import NIOCore
import NIOPosix

/// One run of a `Downloader`.
struct DownloadJob {
    let request: DownloadRequest
    let pool: NIOThreadPool
    let writer: NIOThreadPool
    let group: any EventLoopGroup
    let report: @Sendable (DownloadEvent) -> Void

    private let started = ContinuousClock.now
    private var manifest: Manifest { request.manifest.manifest }

    func run() async throws -> DownloadSummary {
        let summary =
            switch request.output {
            case .standardOutput: try await stream(to: STDOUT_FILENO, called: "standard output")
            case .descriptor(let descriptor): try await stream(to: descriptor, called: "the output")
            case .path(let path): try await download(to: path)
            }
        try request.follow()
        return summary
    }

    // MARK: To a path

    private func download(to path: String) async throws -> DownloadSummary {
        let target = try OutputTarget(path: path, isFolder: !manifest.isSingleFile)
        let existing = try target.existing()
        if existing != .nothing, try await isFinished(target) {
            // A leftover that cannot be removed does not make the finished output wrong.
            if let kept = try? target.removeStalePart(manifest) { report(.kept(path: kept)) }
            return summary(path: target.path, outcome: nil)
        }
        if existing != .nothing { try request.refuseReplacing(target, existing) }

        let store = try ChunkStore(target: target, manifest: manifest, usesPageCache: request.usesPageCache)
        if !store.partial.isLocked { report(.limited(.noLock(path: target.partPath))) }
        let outcome: DownloadEngine.Outcome?
        do { outcome = try await fill(store, replacing: existing) } catch {
            store.discardIfEmpty()
            throw error
        }
        report(.finishing)
        try await finish(store)
        return summary(path: target.path, outcome: outcome)
    }

    /// Brings every chunk into the store: keeps those that are there, copies those that other local files hold, and
    /// fetches the rest.
    private func fill(
        _ store: ChunkStore,
        replacing existing: OutputTarget.Existing
    ) async throws -> DownloadEngine.Outcome? {
        var missing = try await missingChunks(in: store)
        let holes = missing.subtracting(missing.subtracting(store.zeros))
        try store.makeHoles(holes)
        missing = missing.subtracting(holes)
        let reuse = LocalReuse(
            layout: manifest.layout,
            digests: manifest.digests,
            store: store,
            hashers: System.coreCount,
            progress: { [report] in report(.copying(bytes: $0, totalBytes: $1)) }
        )
        let seeds = (existing == .nothing ? [] : [store.target.path]) + request.seeds
        missing = missing.subtracting(try await reuse.copy(fromSeeds: seeds, missing: missing))
        missing = try await copyDuplicates(missing, reuse)
        report(.scanned(reused: missing.bound - missing.count - holes.count, total: missing.bound))

        guard !missing.isEmpty else { return nil }
        try store.reserve(missing: missing)
        let distinct = firstOfEachDigest(missing)
        let outcome = try await fetch(distinct, into: .store(store))
        let rest = try await copyDuplicates(missing.subtracting(distinct), reuse)
        guard rest.isEmpty else {
            throw Failure(changedSinceWritten: store.target.partPath)
        }
        return outcome
    }

    /// Whether the output already has exactly this content under its final name, and makes sure that it is durable.
    /// Wrong executable bits are corrected; nothing else is changed.
    private func isFinished(_ target: OutputTarget) async throws -> Bool {
        let tree = try target.finishedTree(of: manifest)
        guard try LocalTreeCheck.sizesMatch(tree, manifest), try tree.folder?.foldedPair() == nil,
            try await isContent(of: tree)
        else { return false }
        let withoutBit = try LocalTreeCheck.putBitsRight(tree, manifest)
        if withoutBit > 0 { report(.limited(.executableBit(files: withoutBit))) }
        report(.finishing)
        // Another program may have just written it, or an earlier run may have ended between the rename and the sync.
        try await tree.sync(on: pool)
        try target.directory.descriptor.syncDirectory()
        return true
    }

    private func isContent(of tree: LocalTree) async throws -> Bool {
        do {
            let found = try await scanner(.output).matchingChunks(in: tree)
            return found.count == found.bound
        } catch let error as SystemError {
            // An output that cannot be read counts as different if it may be replaced.
            guard error.isOfReading, request.replacesExisting else { throw error }
            return false
        }
    }

    private func missingChunks(in store: ChunkStore) async throws -> ChunkSet {
        if store.partial.isNew { return ChunkSet(bound: manifest.layout.chunkCount, filled: true) }
        let found = try await scanner(.partial(store)).matchingChunks(in: store.tree)
        store.adopt(found)
        return ChunkSet(bound: found.bound, filled: true).subtracting(found)
    }

    private func copyDuplicates(_ missing: ChunkSet, _ reuse: LocalReuse) async throws -> ChunkSet {
        let present = ChunkSet(bound: missing.bound, filled: true).subtracting(missing)
        return missing.subtracting(try await reuse.copyDuplicates(missing: missing, present: present))
    }

    /// The first chunk of each distinct digest; chunks with the same digest are copied from it.
    private func firstOfEachDigest(_ missing: ChunkSet) -> ChunkSet {
        var first = ChunkSet(bound: missing.bound)
        // An eighth of the digests at a time: a set of all of them would take more memory than the manifest itself.
        let parts: UInt64 = 8
        for part in 0..<parts {
            var seen = Set<SHA256Digest>()
            for chunk in missing where manifest.digests[chunk].leadingWord % parts == part {
                if seen.insert(manifest.digests[chunk]).inserted { first.insert(chunk) }
            }
        }
        return first
    }

    private func finish(_ store: ChunkStore) async throws {
        do {
            let finished = try await store.finish(
                replacing: request.replacesExisting ? request.replaceable : nil,
                syncingOn: pool
            )
            if let kept = finished.kept { report(.kept(path: kept)) }
            if finished.withoutBit > 0 { report(.limited(.executableBit(files: finished.withoutBit))) }
        } catch let error as SystemError {
            guard error.code == EEXIST else { throw error }
            throw Failure(
                .cannotCreate,
                "\(store.target.path) has appeared while its content was downloaded",
                hint: "move it away and run the same command again: what was downloaded is kept"
            )
        }
    }

    // MARK: To a descriptor

    private func stream(to descriptor: Int32, called name: String) async throws -> DownloadSummary {
        guard manifest.isSingleFile else {
            throw Failure(
                .usage,
                "the manifest lists a folder, and \(name) takes one file",
                hint: "give a name for the folder with -o"
            )
        }
        guard request.seeds.isEmpty else {
            throw Failure(.usage, "seeds need an output on disk", hint: "give a file name with -o")
        }
        let copy = dup(descriptor)
        guard copy >= 0 else { throw SystemError(operation: .open, path: name, code: errno) }
        let layout = manifest.layout
        let zeros = ZeroChunks.all(in: layout, manifest.digests)
        let output = StreamOutput(Descriptor(owning: copy, path: name), layout: layout, zeros: zeros)
        let fetched = ChunkSet(bound: layout.chunkCount, filled: true).subtracting(zeros)
        let outcome = fetched.isEmpty ? nil : try await fetch(fetched, into: .stream(output))
        try await writer.runIfActive { try output.finish() }
        return summary(path: "-", outcome: outcome)
    }

    // MARK: Used by both

    private func fetch(
        _ missing: ChunkSet,
        into destination: ChunkDestination
    ) async throws -> DownloadEngine.Outcome {
        try request.follow()
        return try await ChunkFetch(request: request, writer: writer, group: group, report: report)
            .run(missing, into: destination)
    }

    /// Is told how much of local files has been read.
    private var scanned: ScanProgress { { [report] in report(.scanning(bytes: $0, totalBytes: $1)) } }

    private func scanner(_ subject: ChunkScanner.Subject) -> ChunkScanner {
        ChunkScanner(layout: manifest.layout, digests: manifest.digests, subject: subject, progress: scanned)
    }

    private func summary(path: String, outcome: DownloadEngine.Outcome?) -> DownloadSummary {
        let reports = outcome?.ledger.reports ?? SourceLedger(kinds: request.sources.map(\.kind)).reports
        let received = outcome?.received ?? request.sources.map { _ in 0 }
        return DownloadSummary(
            path: path,
            bytes: manifest.totalBytes,
            totalChunks: manifest.digests.count,
            fetchedChunks: outcome?.storedChunks ?? 0,
            fetchedBytes: outcome?.storedBytes ?? 0,
            duration: ContinuousClock.now - started,
            fetchDuration: outcome?.duration ?? .zero,
            sources: zip(zip(request.sources, reports), received).map {
                SourceOutcome(source: $0.0, report: $0.1, receivedBytes: $1)
            }
        )
    }
}
