import FDLCore
import FDLPlan
import FDLSystem
import FDLTLS
import FDLTrust
import NIOCore
import NIOPosix

/// The part of a job that needs sources: has them bring chunks to where they go.
struct ChunkFetch {
    let request: DownloadRequest
    let writer: NIOThreadPool
    let group: any EventLoopGroup
    let report: @Sendable (DownloadEvent) -> Void

    private var manifest: Manifest { request.manifest.manifest }

    /// - Throws: `ExhaustedDownload` where not all can be had; `Failure`, also where the task is cancelled.
    func run(_ missing: ChunkSet, into destination: ChunkDestination) async throws -> DownloadEngine.Outcome {
        guard !request.sources.isEmpty else {
            throw Failure(
                .noSource,
                "there is no source to fetch from: the manifest names none",
                hint: "name a worker with --server URL or a mirror with --mirror URL"
            )
        }
        let layout = manifest.layout
        let connector = try connector()
        let plan = plan(layout, missing, destination)
        let loop = group.next()
        let total = (chunks: layout.chunkCount, bytes: manifest.totalBytes)
        let missingBytes = layout.bytes(of: missing)
        let there = (chunks: total.chunks - missing.count, bytes: total.bytes - missingBytes)
        let (engine, outcome) = try await loop.submit { [writer, report] in
            let engine = DownloadEngine(
                plan: plan,
                layout: layout,
                connector: connector,
                destination: destination,
                writer: writer,
                loop: loop,
                report: report
            )
            engine.start(alreadyThere: there, total: total)
            return (NIOLoopBound(engine, eventLoop: loop), engine.outcome)
        }.get()
        // A future does not hear of cancellation by itself.
        do {
            return try await withTaskCancellationHandler {
                try await outcome.get()
            } onCancel: {
                loop.execute { engine.value.stop(.downloadInterrupted) }
            }
        } catch let cause as DownloadFailure {
            let context = SourceContext(.chunks, request.tls)
            throw ExhaustedDownload(cause: cause, sources: request.sources, context: context)
        }
    }

    private func connector() throws -> SourceConnector {
        let settings = FetchSettings(
            buffers: ChunkBufferPool(
                chunkSize: manifest.layout.chunkSize.bytes,
                memoryLimit: memoryLimit,
                isForDisk: request.writesDirectly
            ),
            limiter: request.rateLimit.map { RateLimiter(bytesPerSecond: $0) },
            compression: request.compression
        )
        return SourceConnector(
            dialer: Dialer(group: group, timeout: settings.timeouts.connect, configure: settings.configure),
            tls: try TLSContext.client(request.tls, for: .chunks),
            writers: request.sources.map { RequestWriter(source: $0, manifest: manifest) },
            sessions: request.sources.map { _ in TLSSessionCache() },
            settings: settings
        )
    }

    /// Bytes on their way, at most. A disk slower than the sources fills all of it. Eight large chunks still keep
    /// several connections busy.
    private var memoryLimit: Int {
        min(DownloadPlan.Configuration().memoryLimit, max(16 << 20, 8 * manifest.layout.chunkSize.bytes))
    }

    private func plan(_ layout: ChunkLayout, _ missing: ChunkSet, _ destination: ChunkDestination) -> DownloadPlan {
        var configuration = DownloadPlan.Configuration(
            connectionsPerSource: request.connectionsPerSource,
            memoryLimit: memoryLimit
        )
        // A connection that gets no descriptor is this machine's fault, and would be taken for the source's.
        let spare = EventLoops.spareDescriptors + destination.descriptors
        let free = ProcessLimits.freeDescriptors(of: configuration.maximumConnections + spare)
        configuration.maximumConnections = max(1, free - spare)
        if let limit = request.rateLimit {
            // What we hold back ourselves is no source's fault: its share of a low limit is still a transfer.
            let share = Double(limit) / Double(4 * configuration.maximumConnections)
            configuration.stallRate = min(configuration.stallRate, share)
            configuration.silenceTime = max(configuration.silenceTime, Double(1 << 20) / Double(limit))
        }
        if case .stream = destination {
            // Twice what may be on its way: a slow source's chunk must not stop the others at once.
            let window = max(4, 2 * configuration.memoryLimit / layout.chunkSize.bytes)
            configuration.order = .sequential(window: window)
        }
        return DownloadPlan(
            layout: layout,
            missing: missing,
            sources: request.sources.map(\.kind),
            configuration: configuration,
            seed: UInt64.random(in: 0...UInt64.max)
        )
    }
}
