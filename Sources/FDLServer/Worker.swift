public import FDLCore
import CoreMetrics
import FDLSystem
import FDLTLS
public import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Serves a directory of files and their manifests over HTTPS: the tree of chunks, manifests and files.
///
///     var configuration = WorkerConfiguration(certificate: "server.pem")
///     configuration.root = "pub"
///     try await Worker(configuration).run()
///
/// If the task that runs it is cancelled, answers under way finish first.
public final class Worker: Sendable {
    private let configuration: WorkerConfiguration
    private let logger: Logger
    private let sockets: [ListeningSocket]
    private let metricsSocket: ListeningSocket?
    private let certificates: ReloadableTLSContext
    private let root: ServedRoot
    private let watcher: CatalogWatcher
    private let responder: Responder
    private let notices: LimitNotices
    private let metrics: WorkerMetrics
    private let limits: LiveLimits
    private let connections: Connections
    private let compressed: CompressedChunks
    /// How many descriptors were in use when there were no connections yet.
    private let ownDescriptors: Int
    private let registry: PrometheusRegistry?
    private let loops: MultiThreadedEventLoopGroup
    private let drainRequests = AsyncStream.makeStream(of: Void.self)

    private static let readerThreads = 4
    /// The descriptors kept for files and a few connections, besides those of the event loops and listeners.
    private static let spareDescriptors = 16
    /// The memory, in bytes, that must be available at the start: for a few connections and what the libraries take.
    private static let leastBytes = 64 << 20

    /// Listens, reads certificates and keys, opens the root and makes the first scan for manifests.
    /// - Parameter logger: by default one by the name `fdl`, which goes where the program lets logs go (swift-log).
    /// - Throws: `WorkerError.listen`, `.tls`, `.root` or `.limits`.
    public convenience init(
        _ configuration: WorkerConfiguration,
        logger: Logger = Logger(label: "fdl")
    ) throws(WorkerError) {
        try self.init(PreparedWorker(configuration), logger: logger)
    }

    /// Opens the root and makes the first scan for manifests.
    /// - Throws: `WorkerError.root` or `.limits`.
    /// - Parameter accessLog: in place of the configuration's, for one that is opened after the preparation.
    public init(
        _ prepared: PreparedWorker,
        logger: Logger,
        accessLog: (@Sendable (AccessRecord) -> Void)? = nil
    ) throws(WorkerError) {
        var configuration = prepared.configuration
        if let accessLog { configuration.accessLog = accessLog }
        self.configuration = configuration
        self.logger = logger
        sockets = prepared.sockets
        certificates = prepared.certificates
        notices = LimitNotices(logger: logger)
        registry = configuration.metricsAddress == nil ? nil : PrometheusRegistry(help: WorkerMetrics.help)
        limits = LiveLimits(configuration.limits, demandsTLS: configuration.demandsTLS)
        compressed = CompressedChunks(capacity: configuration.compressionCacheBytes)
        metrics = WorkerMetrics(factory: registry ?? MetricsSystem.factory)
        metricsSocket = prepared.metricsSocket
        loops = try Self.loops()
        do throws(SystemError) {
            root = try ServedRoot(configuration.root)
            for path in certificates.privateKeyPaths { root.refuse(path) }
            watcher = CatalogWatcher(root: root, logger: logger)
            responder = Responder(root: root, watcher: watcher, notices: notices) { [certificates] in
                certificates.pinForStrangers
            }
        } catch {
            throw .root(error)
        }
        // Those that are opened before it serves are its own too.
        let opened = Array(loops.makeIterator()).count * WorkerChannel.descriptorsPerLoop
        ownDescriptors = ProcessLimits.openDescriptors + opened
        connections = Connections(
            Self.rules(configuration, ownDescriptors: ownDescriptors, logger),
            logger: logger,
            notices: notices
        )
        logRemarks()
    }

    /// Tells the operator what is amiss with the files that were read.
    private func logRemarks() {
        for remark in certificates.context.remarks { logger.warning("\(remark)") }
    }

    /// Serves until `drain` is called, or the task is cancelled, which comes to the same.
    /// - Parameter onListening: called for each address in order, with the port it got, once all accept connections.
    /// - Throws: `WorkerError.server`.
    public func run(
        onListening: @escaping @Sendable (ListenAddress) -> Void = { _ in }
    ) async throws(WorkerError) {
        // In a task of its own, since a cancelled one could not let answers finish.
        let serving = Task { await Self.outcome { try await self.serve(onListening: onListening) } }
        let outcome = await withTaskCancellationHandler {
            await serving.value
        } onCancel: {
            drain()
        }
        try outcome.get()
    }

    private func serve(onListening: @escaping @Sendable (ListenAddress) -> Void) async throws(WorkerError) {
        WorkerChannel.decoderType
        let metricsChannel = try await openMetrics()
        // A disk is faster with several reads at once; compression gains nothing from more threads than cores.
        let readers = NIOThreadPool(numberOfThreads: Self.readerThreads)
        let compressors = NIOThreadPool(numberOfThreads: System.coreCount)
        readers.start()
        compressors.start()
        let channel = WorkerChannel(
            certificates: certificates,
            services: ConnectionServices(
                responder: responder,
                compression: CompressionDesk(
                    cache: compressed,
                    threads: compressors,
                    notices: notices
                ),
                limits: configuration.limits,
                readers: readers,
                logger: logger,
                notices: notices,
                live: limits,
                metrics: metrics,
                accessLog: configuration.accessLog,
                connections: connections
            ),
            connections: connections
        )
        await channel.prepare(loops)
        // The service group's own messages repeat ours, and call the end of a failed start an error.
        var frameworkLogger = logger
        if logger.logLevel > .debug { frameworkLogger.logLevel = .critical }
        let listeners = Listeners(
            sockets: sockets,
            channel: channel,
            loops: loops,
            limits: limits,
            onListening: onListening
        )
        let drain = Drain(requests: drainRequests.stream, connections: connections, limits: limits)
        // It sets no time of its own for the end: the connections keep to theirs, which a reload may change.
        let group = ServiceGroupConfiguration(
            services: [
                .init(service: listeners),
                .init(service: drain, successTerminationBehavior: .gracefullyShutdownGroup),
            ],
            logger: frameworkLogger
        )
        let services = ServiceGroup(configuration: group)
        let watching = Task { [watcher] in await watcher.watch(on: readers) }
        let saying = Task { [notices] in
            while (try? await Task.sleep(for: .seconds(2))) != nil { notices.sayDue() }
        }
        let sampling = Task { while (try? await Task.sleep(for: .seconds(10))) != nil { sample() } }
        let outcome = await Self.outcome { try await services.run() }
        watching.cancel()
        saying.cancel()
        sampling.cancel()
        if let metricsChannel { try? await metricsChannel.close() }
        await Self.shutDown([readers, compressors])
        try outcome.get()
    }

    /// Tells the metrics what is not counted as it happens.
    private func sample() {
        metrics.sample(
            WorkerMetrics.Sample(
                openDescriptors: ProcessLimits.openDescriptors,
                descriptorLimit: ProcessLimits.descriptorLimit,
                manifests: watcher.catalog.manifests.count,
                catalogAge: watcher.age,
                refusals: notices.totals
            )
        )
    }

    private func openMetrics() async throws(WorkerError) -> (any Channel)? {
        guard let metricsSocket, let registry else { return nil }
        let listener = MetricsListener(socket: metricsSocket, loops: loops) {
            self.sample()
            return registry.text
        }
        let channel = try await listener.open()
        let address = ListenAddress(host: metricsSocket.host, port: metricsSocket.port)
        logger.notice("metrics at http://\(address)/metrics")
        return channel
    }

    /// Ends the threads, without waiting long for one that a disk holds up or that compresses a large chunk for nobody.
    private static func shutDown(_ pools: [NIOThreadPool]) async {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        Task {
            for pool in pools { try? await pool.shutdownGracefully() }
            end.finish()
        }
        Task {
            try? await Task.sleep(for: .milliseconds(300))
            end.finish()
        }
        for await _ in ends {}
    }

    /// As many connections as are wanted and the descriptors allow.
    private static func rules(
        _ configuration: WorkerConfiguration,
        ownDescriptors: Int,
        _ logger: Logger
    ) -> ConnectionRules {
        let limit = ProcessLimits.descriptorLimit
        let allowed = DescriptorBudget.connections(
            wanted: configuration.limits.connections,
            limit: limit,
            inUse: ownDescriptors
        )
        if allowed < configuration.limits.connections {
            logger.notice(
                "fewer connections than wanted: each may need two descriptors (ulimit -n)",
                metadata: ["connections": "\(allowed)", "descriptors": "\(limit)"]
            )
        }
        return ConnectionRules(configuration.limits, connections: allowed, proxies: configuration.proxies)
    }

    /// Closes idle connections and lets answers under way finish, for `WorkerLimits.drain` at most; then accepts no
    /// more connections and lets `run` return. Meanwhile `/healthz` answers 503, and every answer is its connection's
    /// last.
    public func drain() {
        responder.startDraining()
        drainRequests.continuation.finish()
    }

    /// Reads the certificate and its key again, for the connections to come.
    /// - Throws: `TLSError`; then those in use stay in use.
    public func reloadCertificate() throws(TLSError) {
        try certificates.reload()
        for path in certificates.privateKeyPaths { root.refuse(path) }
        logRemarks()
    }

    /// Takes over what can change while the worker runs: its TLS, of which all files are read again, its limits, its
    /// proxies, its demand for TLS and the size of its cache. What is a matter of one connection counts for those to
    /// come; the shared rate, the size of the cache and how many connections there may be count at once. Those that are
    /// too many then, and wait for a request, close.
    ///
    /// Not taken over are the root, the addresses and the log of accesses.
    /// - Throws: `TLSError`; then all stays as it was.
    public func reload(_ configuration: WorkerConfiguration) throws(TLSError) {
        try certificates.reload(configuration.tls.server)
        for path in certificates.privateKeyPaths { root.refuse(path) }
        logRemarks()
        limits.replace(with: configuration.limits, demandsTLS: configuration.demandsTLS)
        compressed.resize(to: configuration.compressionCacheBytes)
        connections.replace(Self.rules(configuration, ownDescriptors: ownDescriptors, logger))
    }

    /// One loop a core, or fewer if there are not enough descriptors; never shut down.
    private static func loops() throws(WorkerError) -> MultiThreadedEventLoopGroup {
        let cores = System.coreCount
        do throws(SystemError) {
            let more = WorkerChannel.descriptorsPerLoop
            let loops = try ProcessLimits.eventLoops(cores: cores, more: more, spare: spareDescriptors)
            try ProcessLimits.check(threads: loops + readerThreads + 2 * cores, bytes: leastBytes)
            return loops < cores ? MultiThreadedEventLoopGroup(numberOfThreads: loops) : .singleton
        } catch {
            throw .limits(error)
        }
    }

    private static func outcome(_ body: () async throws -> Void) async -> Result<Void, WorkerError> {
        do {
            try await body()
            return .success(())
        } catch let error as WorkerError {
            return .failure(error)
        } catch {
            return .failure(.server(reason: "\(error)"))
        }
    }
}

/// Waits for the request to drain, then until the answers under way are sent. Its return ends the listeners.
private struct Drain: Service {
    let requests: AsyncStream<Void>
    let connections: Connections
    let limits: LiveLimits

    func run() async throws {
        for await _ in requests {}
        if !Task.isCancelled { await connections.drain(within: limits.current.drain) }
    }
}
