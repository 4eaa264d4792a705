import FDLCommand
import FDLCore
import FDLServer
import FDLTLS
import Logging
import UnixSignals

/// Turns signals into what they ask of the worker.
struct SignalTask {
    private let task: Task<Void, Never>

    init(worker: Worker, logger: Logger) {
        task = Task {
            var isDraining = false
            for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup) {
                if signal == .sighup {
                    Self.reload(worker, logger)
                } else if isDraining {
                    logger.warning("ended at once, with answers under way")
                    Program.leave(ExitCode.interrupted.rawValue)
                } else {
                    isDraining = true
                    logger.info("draining: answers under way finish, a second signal ends at once")
                    worker.drain()
                }
            }
        }
    }

    func stop() { task.cancel() }

    private static func reload(_ worker: Worker, _ logger: Logger) {
        do throws(TLSError) {
            try worker.reloadCertificate()
            logger.notice("certificate read again")
        } catch {
            logger.error("certificate not renewed, the one in use stays: \(error)")
        }
    }
}
