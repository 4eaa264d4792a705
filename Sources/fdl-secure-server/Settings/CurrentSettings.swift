import ArgumentParser
import FDLCommand
import FDLCore
import FDLServer
import Logging
import Synchronization

/// The settings that the program runs with, and how they are read again.
enum CurrentSettings {
    private struct Known {
        /// What it was started with.
        let started: Settings
        var last: Settings
    }

    private static let known = Mutex<Known?>(nil)

    /// What the program cannot change while it runs, and why not.
    static let fixed: [String: String] = [
        "root": "other directories cannot be read any more",
        "listen": "no other port can be opened any more",
        "metrics-listen": "no other port can be opened any more",
        "user": "the user is changed once",
        "self-signed": "the certificate is made at the start",
        "access-log": "other files cannot be written any more",
        "access-log-format": "the log is begun in one format",
        "json-log": "the log is begun in one format",
    ]

    /// Reads all settings.
    /// - Throws: `Failure` (78).
    @Sendable static func read() throws(Failure) -> ProgramArguments {
        let settings = try Settings.current()
        known.withLock { $0 = Known(started: settings, last: settings) }
        return ProgramArguments(settings.arguments) { settings.explained($0) }
    }

    /// Names the variables that look like settings and are none. That is no error: where containers run, variables are
    /// set for what a service happens to be called.
    static func warn(_ logger: Logger) {
        let names = known.withLock { $0?.last.unknownVariables ?? [] }
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
        let command: ServeCommand
        do { command = try ServeCommand.parse(renewed.arguments) } catch {
            let message = renewed.explained(ServeCommand.message(for: error))
            return logger.error("settings not read again, those in use stay: \(message)")
        }
        do throws(TLSError) {
            try worker.reload(command.configuration)
        } catch {
            return logger.error("certificate not renewed, the one in use stays: \(error)")
        }
        ServerLog.level.current = command.logLevel
        logger.notice("certificate read again")
        say(renewed, logger)
    }

    /// Says what has changed since the last time, and what is to be other than at the start and cannot be.
    private static func say(_ renewed: Settings, _ logger: Logger) {
        let (applied, waiting) = known.withLock { known in
            let applied = known?.last.changes(to: renewed).filter { fixed[$0.name] == nil }
            let waiting = known?.started.changes(to: renewed).compactMap { change in
                fixed[change.name].map { "\(change.text) (takes a restart: \($0))" }
            }
            known?.last = renewed
            return (applied ?? [], waiting ?? [])
        }
        if !applied.isEmpty { logger.notice("settings changed: \(applied.map(\.text).joined(separator: "; "))") }
        if !waiting.isEmpty { logger.warning("settings not changed: \(waiting.joined(separator: "; "))") }
    }
}
