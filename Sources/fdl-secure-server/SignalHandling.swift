import FDLCore
import FDLServer
import FDLSystem
import Glibc
import Logging
import Synchronization

/// Turns signals into what they ask of the worker.
final class SignalHandling: Sendable {
    private let worker: Worker
    private let logger: Logger
    private let isDraining = Atomic<Bool>(false)

    init(worker: Worker, logger: Logger) {
        self.worker = worker
        self.logger = logger
    }

    /// SIGHUP asks for no end here, and is taken if it was ignored too: under nohup the certificate is renewed as
    /// anywhere.
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
