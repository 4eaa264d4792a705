import FDLCommand
import FDLCore
import FDLServer
import FDLSystem
import Glibc
import Logging
import Synchronization

/// Makes signals drain the worker, renew its certificate or open its logs again.
///
/// It begins before anything is read, so that no signal ends the process by surprise: what comes too early to be done
/// is done once the worker is there.
final class SignalHandling: Sendable {
    private enum Phase {
        /// There is no worker yet; whether it is to read its certificate again once it is there.
        case starting(reload: Bool)
        case serving(Worker, ServiceManager)
        case draining
    }

    private let phase = Mutex(Phase.starting(reload: false))
    private let logger: Logger
    private let reopenLogs: @Sendable () -> Void

    /// - Parameter reopenLogs: opens the log files again at their paths.
    init(logger: Logger, reopenLogs: @escaping @Sendable () -> Void = {}) {
        self.logger = logger
        self.reopenLogs = reopenLogs
    }

    /// Begins to handle the signals. SIGHUP and SIGUSR1 do not ask for an end here, so they are handled even if they
    /// were ignored: under nohup the certificate is renewed as elsewhere.
    func begin() {
        Signals.take([SIGTERM, SIGINT], evenIgnored: [SIGHUP, SIGUSR1]) { signal in
            switch signal {
            case SIGHUP: self.reload()
            case SIGUSR1: self.reopen()
            default: self.end(by: signal)
            }
        }
    }

    /// From now on signals reach the worker.
    /// - Parameter manager: hears of the worker's reading its files again, and of its end.
    func serve(_ worker: Worker, for manager: ServiceManager) {
        let mustReload = phase.withLock { phase in
            guard case .starting(let reload) = phase else { return false }
            phase = .serving(worker, manager)
            return reload
        }
        if mustReload { reload(worker, manager) }
    }

    private func end(by signal: Int32) {
        let before = phase.withLock { phase in
            defer { if case .serving = phase { phase = .draining } }
            return phase
        }
        switch before {
        case .starting: Interruption.arrived(signal)
        case .serving(let worker, let manager):
            manager.stopping()
            logger.info("draining: answers under way finish, a second signal ends at once")
            worker.drain()
        case .draining:
            logger.warning("ended at once, with answers under way")
            Signals.end(by: signal)
        }
    }

    private func reopen() {
        reopenLogs()
        logger.notice("logs opened again")
    }

    private func reload() {
        let serving = phase.withLock { phase -> (Worker, ServiceManager)? in
            switch phase {
            case .starting:
                phase = .starting(reload: true)
                return nil
            case .serving(let worker, let manager): return (worker, manager)
            // The connections that are left keep the certificate that they have.
            case .draining: return nil
            }
        }
        if let (worker, manager) = serving { reload(worker, manager) }
    }

    private func reload(_ worker: Worker, _ manager: ServiceManager) {
        manager.reloading()
        defer { manager.ready() }
        CurrentSettings.reload(worker, logger)
    }
}
