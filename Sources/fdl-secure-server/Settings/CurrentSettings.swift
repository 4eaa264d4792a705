import ArgumentParser
import FDLCommand
import FDLCore
import FDLServer
import Logging
import Synchronization

/// The settings that the program runs with, and how they are read again.
enum CurrentSettings {
    private static let inUse = Mutex<Settings?>(nil)

    /// What the program cannot change while it runs: where it listens and writes, and what it has made at the start.
    static let fixed: Set<String> = [
        "root", "listen", "metrics-listen", "access-log", "access-log-format", "log-level", "json-log",
        "compression-cache", "drain-timeout", "user", "self-signed", "hsts", "max-connections", "address-limit",
        "proxy-protocol",
    ]

    /// Reads all settings.
    /// - Throws: `Failure` (78).
    @Sendable static func read() throws(Failure) -> ProgramArguments {
        let settings = try Settings.current()
        inUse.withLock { $0 = settings }
        return ProgramArguments(settings.arguments) { settings.explained($0) }
    }

    /// Names the variables that look like settings and are none. That is no error: where containers run, variables are
    /// set for what a service happens to be called.
    static func warn(_ logger: Logger) {
        let names = inUse.withLock { $0?.unknownVariables ?? [] }
        guard !names.isEmpty else { return }
        logger.warning("variables that are no settings: \(names.joined(separator: ", "))")
    }

    /// Reads settings and certificates again, and says in the log what has changed. If anything is wrong with them, all
    /// stays as it was.
    static func reload(_ worker: Worker, _ logger: Logger) {
        let renewed: Settings
        do throws(Failure) { renewed = try Settings.current() } catch {
            return logger.error("settings not read again, those in use stay: \(error.message)")
        }
        let configuration: WorkerConfiguration
        do { configuration = try ServeCommand.parse(renewed.arguments).configuration } catch {
            let message = renewed.explained(ServeCommand.message(for: error))
            return logger.error("settings not read again, those in use stay: \(message)")
        }
        do throws(TLSError) {
            try worker.reload(configuration)
        } catch {
            return logger.error("certificate not renewed, the one in use stays: \(error)")
        }
        logger.notice("certificate read again")
        let changes = inUse.withLock { settings in
            defer { settings = renewed }
            return settings?.changes(to: renewed) ?? []
        }
        let applied = changes.filter { !fixed.contains($0.name) }
        if !applied.isEmpty {
            logger.notice("settings changed: \(applied.map(\.text).joined(separator: "; "))")
        }
        let waiting = changes.filter { fixed.contains($0.name) }
        if !waiting.isEmpty {
            logger.warning("settings that need a restart: \(waiting.map(\.text).joined(separator: "; "))")
        }
    }
}
