import FDLCore
import FDLPlan
import NIOCore

extension DownloadEngine {
    private static let progressInterval = TimeAmount.milliseconds(250)

    /// Reports progress, and sources that give nothing or give again, now and again and again.
    func tellProgress() {
        tellProgressNow()
        progressTimer = loop.assumeIsolated().scheduleTask(in: Self.progressInterval) { [self] in tellProgress() }
    }

    private func tellProgressNow() {
        let reports = plan.ledger(at: now).folded(by: owners).reports
        for (source, fault) in troubles.news(in: reports, after: now) {
            report(.sourceFailing(connector.writers[source].source, reason: "\(fault)"))
        }
        for source in troubles.returned(in: reports) {
            report(.sourceReturned(connector.writers[source].source))
        }
        let progress = DownloadProgress(
            chunks: count.there.chunks + count.storedChunks,
            totalChunks: count.total.chunks,
            bytes: count.there.bytes + count.storedBytes,
            totalBytes: count.total.bytes,
            files: count.files.complete,
            totalFiles: count.files.total,
            reusedBytes: count.there.bytes,
            receivedBytes: count.received.total,
            sources: zip(zip(connector.writers, reports), count.received.bySource).map {
                SourceOutcome(source: $0.0.source, report: $0.1, receivedBytes: $1)
            }
        )
        report(.progress(progress))
    }
}
