import FDLCore
import FDLCrypto
import FDLSystem
import Glibc
import Synchronization

/// Reads and verifies on all cores what a plan says, and writes it below each tree's `.fdl/new`, synced.
struct StagingRun: Sendable {
    /// What was written.
    struct Result: Sendable {
        /// The chunks whose compressed form was written.
        var compressed: [Int] = []
        var files = 0
        var notLinked = 0
    }

    let manifest: Manifest
    let source: PublishingSource
    let plan: PublishPlan
    let trees: [PublishedTree]
    let options: PublishingOptions
    /// The chunks of zeros: a hole need not be read.
    let zeros: ChunkSet

    init(
        _ manifest: Manifest,
        from source: PublishingSource,
        _ plan: PublishPlan,
        into trees: [PublishedTree],
        _ options: PublishingOptions
    ) {
        self.manifest = manifest
        self.source = source
        self.plan = plan
        self.trees = trees
        self.options = options
        self.zeros = ZeroChunks.all(in: manifest.layout, manifest.digests)
    }

    /// - Parameters:
    ///   - threads: how many, at most.
    ///   - progress: is told how many bytes are read and verified.
    /// - Throws: `TreeError.source`, `.sourceDiffers`, `.tree`, `.outOfMemory` or `.cancelled`
    func run(threads: Int, progress: ProgressReport?) async throws(TreeError) -> Result {
        if plan.copies.contains(true) {
            let place = Directory.containing(trees[0].stagedPath(ofFile: 0))
            do throws(SystemError) { try Directory.create(place) } catch { throw .tree(error) }
        }
        let large = try prepareLargeFiles()
        let queue = WorkQueue()
        let results = Mutex(large.result)
        try await inParallel(threads: threads) { stop in
            let stager = ChunkStager(self, large.states)
            while let index = queue.next(of: plan.units.count) {
                guard !stop.isSet else { throw TreeError.cancelled }
                try stager.stage(plan.units[index])
                progress?(queue.count(bytes(of: plan.units[index])), plan.totalBytes)
            }
            results.withLock { result in
                result.compressed += stager.result.compressed
                result.files += stager.result.files
                result.notLinked += stager.result.notLinked
            }
        }
        let result = results.withLock { $0 }
        try await sync(result, threads: threads)
        return result
    }

    private func bytes(of unit: PublishPlan.Unit) -> Int64 {
        unit.chunks.reduce(0) { $0 + Int64(manifest.layout.length(ofChunk: $1)) }
    }

    /// Files of which several threads write parts are made before those begin.
    private func prepareLargeFiles() throws(TreeError) -> (states: [Int: StagedCopy.State], result: Result) {
        var states: [Int: StagedCopy.State] = [:]
        var result = Result()
        var last: Int?
        for unit in plan.units where plan.copies[unit.file] {
            defer { last = unit.file }
            guard last == unit.file, states[unit.file] == nil else { continue }
            let copy = try StagedCopy(of: unit.file, self)
            states[unit.file] = copy.state
            result.files += 1
            if options.files == .linked, copy.state != .linked { result.notLinked += 1 }
        }
        return (states, result)
    }

    // MARK: Syncing

    /// Makes all that was staged survive a loss of power. Late, and many files at once: their writing is under way, and
    /// they share the file system's commits.
    private func sync(_ result: Result, threads: Int) async throws(TreeError) {
        let compressed = Set(result.compressed)
        for (number, tree) in trees.enumerated() {
            if tree.root.descriptor.syncsAllAtOnce {
                do throws(SystemError) { try tree.root.descriptor.syncFileSystem() } catch { throw .tree(error) }
                continue
            }
            let queue = WorkQueue()
            let chunkCount = plan.writes.count
            let bit = UInt64(1) << UInt64(number)
            try await inParallel(threads: max(threads, 4)) { stop in
                while let index = queue.next(of: chunkCount + plan.copies.count) {
                    guard !stop.isSet else { throw TreeError.cancelled }
                    guard index < chunkCount else {
                        let file = index - chunkCount
                        if plan.copies[file] { try Self.sync(tree.stagedPath(ofFile: file)) }
                        continue
                    }
                    let digest = manifest.digests[index]
                    if plan.writes[index] & bit != 0 { try Self.sync(tree.stagedPath(ofChunk: digest)) }
                    if plan.compressedWrites[index] & bit != 0, compressed.contains(index) {
                        try Self.sync(tree.stagedPath(ofChunk: digest, compressed: true))
                    }
                }
            }
        }
    }

    private static func sync(_ path: String) throws(TreeError) {
        do throws(SystemError) {
            try Descriptor(opening: path, flags: O_RDONLY | O_NOFOLLOW).sync()
        } catch {
            throw .tree(error)
        }
    }
}

/// Runs `work` on several threads, as `ParallelWork` does, with what a tree's publishing throws.
func inParallel(threads: Int, _ work: @escaping @Sendable (StopFlag) throws -> Void) async throws(TreeError) {
    do {
        try await ParallelWork.run(threads: threads, work)
    } catch let error as TreeError {
        throw error
    } catch let error as SystemError {
        throw .tree(error)
    } catch {
        throw .cancelled
    }
}
