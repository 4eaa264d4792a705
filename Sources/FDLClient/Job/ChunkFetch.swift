import FDLCore
import FDLPlan
import FDLSystem
import FDLTLS
import FDLTrust
import NIOCore
import NIOPosix

/// The part of a job that needs sources: fetches missing chunks into their destination.
struct ChunkFetch {
    let request: DownloadRequest
    let writer: NIOThreadPool
    let group: any EventLoopGroup
    let report: @Sendable (DownloadEvent) -> Void

    private var manifest: Manifest { request.manifest.manifest }

    /// - Throws: `ExhaustedDownload` if no source can give some of the chunks; `Failure` for anything else, such as
    ///   cancellation of the task.
    func run(_ missing: ChunkSet, into destination: ChunkDestination) async throws -> DownloadEngine.Outcome {
        guard !request.sources.isEmpty else {
            throw Failure(
                .noSource,
                "there is no source to fetch from: the manifest names none",
                hint: "name a worker with --server URL or a mirror with --mirror URL"
            )
        }
        let layout = manifest.layout
        let loop = group.next()
        let endpoints = await endpoints(missing, on: loop)
        let connector = try connector(endpoints)
        let plan = plan(layout, missing, destination, endpoints)
        let count = FetchCount(layout, missing: missing, sources: request.sources.count)
        let (engine, outcome) = try await loop.submit { [writer, report] in
            let engine = DownloadEngine(
                plan: plan,
                count: count,
                connector: connector,
                destination: destination,
                writer: writer,
                loop: loop,
                report: report
            )
            engine.start()
            return (NIOLoopBound(engine, eventLoop: loop), engine.outcome)
        }.get()
        // A future does not notice that the task is cancelled.
        do {
            return try await withTaskCancellationHandler {
                try await outcome.get()
            } onCancel: {
                loop.execute { engine.value.stop(.downloadInterrupted) }
            }
        } catch let cause as DownloadFailure {
            let contexts = request.sources.map { source in
                SourceContext(.chunks, request.tls, of: source.url, request.access.credentials)
            }
            throw ExhaustedDownload(cause: cause, sources: request.sources, contexts: contexts)
        }
    }

    /// A name service that is silent holds up nobody for longer: its names are then looked up for each connection.
    private static let lookupTime = TimeAmount.seconds(2)

    private func endpoints(_ missing: ChunkSet, on loop: any EventLoop) async -> [Endpoint] {
        let proxies = request.access.proxies
        let direct = request.sources.map(\.url.origin).filter { proxies.proxy(for: $0) == nil }
        var generator = SystemRandomNumberGenerator()
        return Endpoint.choose(
            for: request.sources,
            among: await NameLookup.addresses(of: Set(direct.map(\.host)), within: Self.lookupTime, on: loop),
            chunks: missing.count,
            isProxied: { proxies.proxy(for: $0) != nil },
            using: &generator
        )
    }

    private func connector(_ endpoints: [Endpoint]) throws -> SourceConnector {
        let settings = FetchSettings(
            buffers: ChunkBufferPool(
                chunkSize: manifest.layout.chunkSize.bytes,
                memoryLimit: memoryLimit,
                isForDisk: request.writesDirectly
            ),
            limiter: request.rateLimit.map { RateLimiter(bytesPerSecond: $0) }
        )
        let loops = SharedLoops(count: group.makeIterator().reduce(0) { count, _ in count + 1 })
        let tls = try SourceTLS(request.tls, request.access, for: .chunks)
        return SourceConnector(
            dialer: Dialer(
                group: group,
                timeout: settings.timeouts.connect,
                configure: settings.configure,
                proxies: request.access.proxies
            ),
            tls: tls,
            writers: request.sources.map { source in
                RequestWriter(
                    source: source,
                    manifest: manifest,
                    credentials: request.access.credentials,
                    registry: source.kind == .oci
                        ? RegistryLogin(TokenFetcher(for: source.url, on: group, tls, request.access)) : nil
                )
            },
            signposts: request.sources.map { _ in Signposts() },
            endpoints: endpoints,
            sessions: endpoints.map { _ in TLSSessionCache() },
            compression: endpoints.map { _ in
                SourceCompression(mode: request.compression, rateLimit: request.rateLimit, loops: loops)
            },
            settings: settings
        )
    }

    /// The most bytes asked for and not yet stored: 16 MiB, or eight chunks if that is more, so that several
    /// connections stay busy; but never more than the plan's default. A disk slower than the sources fills all of it.
    private var memoryLimit: Int {
        min(DownloadPlan.Configuration().memoryLimit, max(16 << 20, 8 * manifest.layout.chunkSize.bytes))
    }

    private func plan(
        _ layout: ChunkLayout,
        _ missing: ChunkSet,
        _ destination: ChunkDestination,
        _ endpoints: [Endpoint]
    ) -> DownloadPlan {
        var configuration = DownloadPlan.Configuration(
            connectionsPerSource: request.connectionsPerSource,
            memoryLimit: memoryLimit
        )
        // A connection that fails for want of a descriptor is this machine's fault but would be charged to the source.
        let spare = EventLoops.spareDescriptors + destination.descriptors
        let free = ProcessLimits.freeDescriptors(of: configuration.maximumConnections + spare)
        configuration.maximumConnections = max(1, free - spare)
        if let limit = request.rateLimit {
            // The limit slows the sources down: a source that gives its share of a low limit has not stalled.
            let share = Double(limit) / Double(4 * configuration.maximumConnections)
            configuration.stallRate = min(configuration.stallRate, share)
            configuration.silenceTime = max(configuration.silenceTime, Double(1 << 20) / Double(limit))
        }
        if case .stream = destination {
            // As wide as possible, so that one slow chunk does not stop the other sources: the plan narrows the
            // window to what its memory limit holds.
            let window = max(4, 2 * configuration.memoryLimit / layout.chunkSize.bytes)
            configuration.order = .sequential(window: window)
        }
        return DownloadPlan(
            layout: layout,
            missing: missing,
            sources: endpoints.map { request.sources[$0.source].kind },
            ranking: Ranking(manifest, among: endpoints.map { request.sources[$0.source] }),
            configuration: configuration,
            seed: UInt64.random(in: 0...UInt64.max)
        )
    }
}
