public import FDLCore
import FDLSystem
import NIOCore
import NIOPosix

/// Downloads what a verified manifest lists: looks at what is there, copies what other local files hold, fetches the
/// rest from all sources at once, and gives the result its final name when every chunk of it has been verified.
public struct Downloader: Sendable {
    private let request: DownloadRequest
    private let report: @Sendable (DownloadEvent) -> Void

    /// - Parameter report: called from several threads while the download runs.
    public init(_ request: DownloadRequest, report: @escaping @Sendable (DownloadEvent) -> Void = { _ in }) {
        self.request = request
        self.report = report
    }

    /// Runs to the end. What was verified is kept when it fails, and the next run goes on from there.
    /// - Throws: `Failure`: 65 where only wrong bytes were to be had, 69 where no source can give some chunk, 73 for an
    ///   output that cannot be, 74 for this machine's faults, 75 where the task was cancelled, 77 where TLS ruled out
    ///   every source.
    public func run() async throws(Failure) -> DownloadSummary {
        // More threads than cores: some of what they do is waiting for the disk.
        let poolThreads = max(ChunkStore.syncWidth, System.coreCount)
        let writerThreads = request.writesDirectly ? OutputFile.writers : 1
        let group = try EventLoops.group(threads: poolThreads + writerThreads)
        let pool = NIOThreadPool(numberOfThreads: poolThreads)
        pool.start()
        // Past the page cache several writes go on at once, each waiting for the disk. Through it one thread does more:
        // several that make files in one folder spin on its lock.
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
        if case (.standardOutput, .failure) = (request.output, result) {
            // A reader that has stopped reading holds the writer for as long as it likes: nobody waits for it.
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
