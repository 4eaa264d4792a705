import FDLCore
import FDLServer
import FDLSystem
import Glibc
import Logging
import Synchronization

/// Makes signals drain the worker or renew its certificate.
final class SignalHandling: Sendable {
    private let worker: Worker
    private let logger: Logger
    private let isDraining = Atomic<Bool>(false)

    init(worker: Worker, logger: Logger) {
        self.worker = worker
        self.logger = logger
    }

    /// Begins to handle the signals. SIGHUP does not ask for an end here, so it is handled even if it was ignored:
    /// under nohup the certificate is renewed as elsewhere.
    func begin() {
        Signals.take([SIGTERM, SIGINT], evenIgnored: [SIGHUP]) { signal in
            if signal == SIGHUP {
                self.reload()
            } else if self.isDraining.exchange(true, ordering: .relaxed) {
                self.logger.warning("ended at once, with answers under way")
                Signals.end(by: signal)
            } else {
                self.logger.info("draining: answers under way finish, a second signal ends at once")
                self.worker.drain()
            }
        }
    }

    private func reload() {
        do throws(TLSError) {
            try worker.reloadCertificate()
            logger.notice("certificate read again")
        } catch {
            logger.error("certificate not renewed, the one in use stays: \(error)")
        }
    }
}
