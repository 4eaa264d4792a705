import FDLCore
import FDLPlan
import NIOCore

extension DownloadEngine {
    private static let progressInterval = TimeAmount.milliseconds(250)

    /// Reports progress, and sources that give nothing, again and again.
    func tellProgress(_ there: (chunks: Int, bytes: Int64), _ total: (chunks: Int, bytes: Int64)) {
        progressTimer = loop.assumeIsolated().scheduleTask(in: Self.progressInterval) { [self] in
            let reports = plan.ledger(at: now).folded(by: owners).reports
            for (source, fault) in troubles.news(in: reports, after: now) {
                report(.sourceFailing(connector.writers[source].source, reason: "\(fault)"))
            }
            let progress = DownloadProgress(
                chunks: there.chunks + storedChunks,
                totalChunks: total.chunks,
                bytes: there.bytes + storedBytes,
                totalBytes: total.bytes,
                reusedBytes: there.bytes,
                receivedBytes: received.total,
                sources: zip(connector.writers, reports).map { SourceOutcome(source: $0.source, report: $1) }
            )
            report(.progress(progress))
            tellProgress(there, total)
        }
    }
}
