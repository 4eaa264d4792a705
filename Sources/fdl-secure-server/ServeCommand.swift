public import ArgumentParser
import FDLCommand
import FDLCore
public import FDLServer
import FDLSystem
import Glibc
public import Logging
import Synchronization

struct ServeCommand: AsyncParsableCommand, PreparedCommand {
    static let configuration = CommandConfiguration(
        commandName: "fdl-secure-server",
        abstract: "Serve a directory of files and their signed manifests over HTTPS.",
        discussion: """
            Finds each *.manifest.json under the root by itself, also while it runs, and hands out the chunks it \
            names. It does the same for any other NAME.json that has NAME.json.minisig next to it. \
            SIGTERM or SIGINT lets answers under way finish and then ends it; SIGHUP reads settings, certificates, \
            keys and lists again, SIGUSR1 opens the logs again.
            """ + "\n\n" + Helps.serve.discussion,
        version: "fdl-secure-server \(Product.version)"
    )

    @Option(help: ArgumentHelp("The directory to serve.", valueName: "directory"), completion: .directory)
    var root = "."

    @Option(
        help: ArgumentHelp(
            "HOST:PORT to listen at; may be repeated; port 0 takes a free one. Default: [::]:8443.",
            valueName: "address"
        )
    )
    var listen: [ListenAddress] = []

    @OptionGroup(title: "TLS")
    var tls: TLSOptions

    @OptionGroup(title: "Privileges")
    var privileges: PrivilegeOptions

    @OptionGroup(title: "Limits")
    var limits: ClientLimitOptions

    @OptionGroup(title: "Operation")
    var operating: OperatingOptions

    @Option(help: "trace, debug, info, notice, warning, error or critical; debug tells of each request.")
    var logLevel = Logger.Level.info

    @Flag(help: "One JSON object a line on standard error instead of text.")
    var jsonLog = false

    /// Listens, reads the keys, and gives up the rest of what the process may do.
    func prepare() throws {
        let manager = ServiceManager.fromEnvironment()
        let inherited = ServiceManager.inheritedSockets()
        let own = try tls.selfSigned ? SelfSigned.file(listening: listen) : nil
        SelfSigned.inUse.withLock { $0 = own }
        // Who only checks the settings may do so while another worker listens there.
        if operating.check { return }
        let worker = try PreparedWorker(configuration, inherited: listen.isEmpty ? inherited : [])
        let logs = [operating.accessLog].compactMap { $0 }.filter { $0 != "-" }
        let settings = [operating.config].compactMap { $0 }
        let remarks = try privileges.confine(worker, logs: logs, settings: settings)
        Prepared.value.withLock { $0 = Prepared(worker: worker, manager: manager, own: own, remarks: remarks) }
    }

    func run() async throws {
        ServerLog.begin(level: logLevel, json: jsonLog)
        let logger = Logger(label: "fdl-secure-server")
        CurrentSettings.warn(logger)
        let accesses = try accessLog(logger)
        if operating.check { return try check(logger) }
        let signals = SignalHandling(logger: logger) { accesses?.reopen() }
        signals.begin()
        guard let prepared = Prepared.value.withLock({ $0.take() }) else { return }
        prepared.log(to: logger)
        let writes = accesses.map { accesses in { @Sendable (record: AccessRecord) in accesses.write(record) } }
        let worker = try Worker(prepared.worker, logger: logger, accessLog: writes)
        signals.serve(worker, for: prepared.manager)
        let isFirst = Atomic(true)
        try await worker.run { address in
            StandardStream.output.writeLine("listening on https://\(address)/")
            guard isFirst.exchange(false, ordering: .relaxed) else { return }
            if let own = prepared.own { SelfSigned.say(own, pin: prepared.worker.pin, address) }
            prepared.manager.ready()
        }
    }

    /// Does what a start does, up to listening.
    private func check(_ logger: Logger) throws(WorkerError) {
        _ = try Worker(PreparedWorker(configuration, listens: false), logger: logger)
        StandardStream.output.writeLine("the settings are good")
    }

    private func accessLog(_ logger: Logger) throws(Failure) -> AccessLog? {
        guard let path = operating.accessLog else { return nil }
        let log = try AccessLog(path, format: operating.accessLogFormat, logger: logger)
        Program.beforeLeaving { log.flush(within: .milliseconds(500)) }
        return log
    }

    var configuration: WorkerConfiguration {
        var configuration = WorkerConfiguration(tls: tls.tls(own: SelfSigned.inUse.withLock { $0 }))
        configuration.demandsTLS = tls.hsts
        configuration.root = root
        if !listen.isEmpty { configuration.addresses = listen }
        configuration.metricsAddress = operating.metricsListen
        configuration.limits = limits.limits
        configuration.proxies = limits.proxyProtocol
        configuration.compressionCacheBytes = limits.compressionCache << 20
        return configuration
    }
}

extension ListenAddress: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}

@main
enum Main {
    static func main() {
        // SIGHUP asks to read the certificate again, SIGUSR1 to open the logs again. Neither ends the process, however
        // early it comes; it is done once the worker is there.
        Signals.collect(SIGHUP, SIGUSR1)
        Program.main(ServeCommand.self, arguments: CurrentSettings.read)
    }
}
