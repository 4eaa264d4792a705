public import FDLCore
import FDLCrypto
import FDLSystem
import Glibc

/// What a download would do.
public struct DownloadForecast: Sendable, Equatable {
    /// The path of the output; `-` for standard output.
    public let path: String
    /// Whether the output is there already as it should be.
    public let isFinished: Bool
    public let totalBytes: Int64
    /// What would be fetched.
    public let fetchedChunks: Int
    /// The length of those chunks, in bytes.
    public let fetchedBytes: Int64
    /// How much room the output still needs on its file system, in bytes.
    public let neededBytes: Int64
    /// How much room there is; nil if the file system does not say, and for standard output.
    public let freeBytes: Int64?

    /// What need not be fetched: it is there already, all zeros, or a copy of what is fetched.
    public var reusedBytes: Int64 { totalBytes - fetchedBytes }
}

extension Downloader {
    /// Looks at what is on this machine and says what `run` would do. Nothing is written and no source is asked.
    /// - Throws: `Failure`: what `run` would throw before it asks a source.
    public func forecast() async throws(Failure) -> DownloadForecast {
        try explaining { () throws(SystemError) in
            try ProcessLimits.check(threads: ManifestReading.threads + 2, bytes: 32 << 20)
        }
        do {
            return try await ManifestReading(request: request, report: report).forecast()
        } catch is CancellationError {
            throw .interrupted
        } catch {
            throw Failure(of: error)
        }
    }
}

/// A look at local files with the eyes of one manifest.
private struct ManifestReading {
    let request: DownloadRequest
    let report: @Sendable (DownloadEvent) -> Void

    static var threads: Int { Processors.usable }

    private var manifest: Manifest { request.manifest.manifest }

    func forecast() async throws -> DownloadForecast {
        let layout = manifest.layout
        let zeros = ZeroChunks.all(in: layout, manifest.digests)
        var missing = ChunkSet(bound: layout.chunkCount, filled: true).subtracting(zeros)
        guard case .path(let path) = request.output else {
            return result("-", fetch: missing, neededBytes: 0, freeBytes: nil)
        }
        let target = try OutputTarget(path: path, isFolder: !manifest.isSingleFile)
        let free = try target.directory.descriptor.freeBytes()
        let existing = try target.existing()
        if existing != .nothing {
            let tree = try target.finishedTree(of: manifest)
            if try LocalTreeCheck.sizesMatch(tree, manifest), try await scan(tree).count == layout.chunkCount {
                return result(target.path, fetch: nil, neededBytes: 0, freeBytes: free)
            }
            try request.refuseReplacing(target, existing)
        }
        if let partial = try partialTree(target) { missing = missing.subtracting(try await scan(partial)) }
        let needed = layout.bytes(of: missing)
        let reuse = LocalReuse(
            layout: layout,
            digests: manifest.digests,
            store: nil,
            hashers: Self.threads,
            progress: progress
        )
        let seeds = (existing == .nothing ? [] : [target.path]) + request.seeds
        missing = missing.subtracting(try await reuse.copy(fromSeeds: seeds, missing: missing))
        return result(target.path, fetch: missing, neededBytes: needed, freeBytes: free)
    }

    private var progress: ScanProgress { { [report] in report(.scanning(bytes: $0, totalBytes: $1)) } }

    private func scan(_ tree: LocalTree) async throws -> ChunkSet {
        try await ChunkScanner(
            layout: manifest.layout,
            digests: manifest.digests,
            subject: .files,
            progress: progress
        ).matchingChunks(in: tree)
    }

    /// The partial output of an earlier run; nil if there is none.
    private func partialTree(_ target: OutputTarget) throws -> LocalTree? {
        let kind = try target.directory.descriptor.status(child: target.partName)?.kind
        guard kind == (target.isFolder ? .directory : .regular) else { return nil }
        guard target.isFolder else { return LocalTree(directory: target.directory, fileName: target.partName) }
        let folder = try target.directory.descriptor.open(child: target.partName, flags: O_RDONLY | O_DIRECTORY)
        return LocalTree(folder: SharedDescriptor(folder), manifest: manifest)
    }

    /// - Parameter fetch: the chunks that are nowhere; nil if the output is finished.
    private func result(
        _ path: String,
        fetch missing: ChunkSet?,
        neededBytes: Int64,
        freeBytes: Int64?
    ) -> DownloadForecast {
        var seen = Set<SHA256Digest>()
        // Of chunks with one digest, one is fetched and the others are copied from it.
        let fetched = (missing.map(Array.init) ?? []).filter { seen.insert(manifest.digests[$0]).inserted }
        return DownloadForecast(
            path: path,
            isFinished: missing == nil,
            totalBytes: manifest.totalBytes,
            fetchedChunks: fetched.count,
            fetchedBytes: fetched.reduce(0) { $0 + Int64(manifest.layout.length(ofChunk: $1)) },
            neededBytes: neededBytes,
            freeBytes: freeBytes
        )
    }
}
