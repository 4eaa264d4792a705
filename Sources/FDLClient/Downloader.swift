public import FDLCore
import FDLSystem
import NIOCore
import NIOPosix

/// Downloads what a verified manifest lists: keeps what the output already holds, copies what other local files hold,
/// fetches the rest from all sources at once, and gives the output its final name when every chunk is verified.
public struct Downloader: Sendable {
    let request: DownloadRequest
    let report: @Sendable (DownloadEvent) -> Void

    /// - Parameters:
    ///   - request: what to download.
    ///   - report: called from several threads while the download runs.
    public init(_ request: DownloadRequest, report: @escaping @Sendable (DownloadEvent) -> Void = { _ in }) {
        self.request = request
        self.report = report
    }

    /// Runs the download. If it fails, verified chunks are kept in the partial output, and the next run continues
    /// there.
    /// - Throws: `Failure`: 64 if standard output is combined with a folder or with seeds, or a seed does not exist, 65
    ///   if every source sent wrong bytes, 69 if no source can give some of the chunks, 73 if the output cannot be
    ///   created, 74 for faults of this machine, 75 if the task was cancelled, 77 if TLS or access rules ruled out
    ///   every source, 78 if the TLS settings cannot be used.
    public func run() async throws(Failure) -> DownloadSummary {
        // At least `syncWidth` threads even on few cores, because they mostly wait for the disk.
        let poolThreads = max(ChunkStore.syncWidth, System.coreCount)
        let writerThreads = request.writesDirectly ? OutputFile.writers : 1
        let group: any EventLoopGroup =
            if let given = request.eventLoops { given } else {
                try EventLoops.group(threads: poolThreads + writerThreads)
            }
        let pool = NIOThreadPool(numberOfThreads: poolThreads)
        pool.start()
        // Several threads write past the page cache at once, because each waits for the disk. Through the page cache
        // one thread is faster: several that create files in one folder spin on its lock.
        let writer = NIOThreadPool(numberOfThreads: writerThreads)
        writer.start()
        let result: Result<DownloadSummary, Failure>
        do {
            let job = DownloadJob(request: request, pool: pool, writer: writer, group: group, report: report)
            result = .success(try await job.run())
        } catch is CancellationError {
            result = .failure(.downloadInterrupted)
        } catch {
            result = .failure(Failure(of: error))
        }
        if request.isStream, case .failure = result {
            // A reader of the pipe that has stopped reading can block the writer forever, so do not wait for it.
            writer.shutdownGracefully { _ in }
        } else {
            try? await writer.shutdownGracefully()
        }
        try? await pool.shutdownGracefully()
        return try result.get()
    }
}

extension Failure {
    static let downloadInterrupted = Failure(
        .interrupted,
        "interrupted",
        hint: "run the same command again: it goes on where it stopped"
    )
}
