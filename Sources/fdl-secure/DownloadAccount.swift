import FDLClient
import FDLCommand
import FDLCore

/// What is said at the end of a download.
enum DownloadAccount {
    /// For people: the output, what it took, and one line a source if anything was fetched.
    static func lines(_ summary: DownloadSummary, signer: SignerName?) -> [String] {
        let size = ByteCount.text(summary.bytes)
        var lines = [
            "\(summary.path): \(size) verified in \(JSONValue.seconds(summary.duration)) s, "
                + SignerName.phrase(signer)
        ]
        guard summary.fetchedChunks > 0 else {
            lines.append("  nothing was fetched: all \(summary.totalChunks) chunks were here already")
            return lines
        }
        var fetched = "  fetched \(ByteCount.text(summary.fetchedBytes))"
        let milliseconds = summary.fetchDuration / .milliseconds(1)
        if milliseconds >= 1 {
            fetched += " at \(ByteCount.text(Int64(Double(summary.fetchedBytes) / milliseconds * 1000)))/s"
        }
        fetched += " (\(counted(summary.fetchedChunks, "chunk")))"
        if summary.reusedChunks > 0 {
            let reused = ByteCount.text(summary.bytes - summary.fetchedBytes)
            fetched += ", \(reused) reused (\(counted(summary.reusedChunks, "chunk")))"
        }
        lines.append(fetched)
        return lines + summary.sources.map { "  " + line($0, of: summary.fetchedBytes) }
    }

    private static func line(_ outcome: SourceOutcome, of total: Int64) -> String {
        let report = outcome.report
        var facts: [String] = []
        if report.chunks > 0 {
            let share = total > 0 ? Int((Double(report.bytes) / Double(total) * 100).rounded()) : 0
            facts.append("\(share) %, \(counted(report.chunks, "chunk")), \(ByteCount.text(report.bytes))")
        } else {
            facts.append("nothing")
        }
        if report.corrupt > 0 { facts.append("\(report.corrupt) WRONG, refused") }
        if report.failed > 0 { facts.append("\(report.failed) failed") }
        if report.lacked > 0 { facts.append("\(report.lacked) not there") }
        if report.hedged > 0 { facts.append("\(report.hedged) asked for besides another source") }
        var line = "\(outcome.source.url): " + facts.joined(separator: ", ")
        if let error = report.lastError, report.state.isFinal || report.chunks == 0 || report.corrupt > 0 {
            line += " (\(error))"
        }
        return line
    }

    /// For programs.
    static func json(_ summary: DownloadSummary) -> JSONValue {
        [
            "event": "done", "path": .text(summary.path), "bytes": .number(Int(summary.bytes)),
            "chunks": [
                "total": .number(summary.totalChunks), "fetched": .number(summary.fetchedChunks),
                "reused": .number(summary.reusedChunks),
            ],
            "fetchedBytes": .number(Int(summary.fetchedBytes)),
            "seconds": .seconds(summary.duration),
            "fetchSeconds": .seconds(summary.fetchDuration),
            "sources": .list(summary.sources.map(json)),
        ]
    }

    private static func json(_ outcome: SourceOutcome) -> JSONValue {
        let report = outcome.report
        return [
            "url": .text("\(outcome.source.url)"), "kind": .text(outcome.source.kind.rawValue),
            "bytes": .number(Int(report.bytes)), "chunks": .number(report.chunks),
            "corrupt": .number(report.corrupt), "failed": .number(report.failed),
            "lacked": .number(report.lacked), "hedged": .number(report.hedged), "state": .text(report.state.name),
            "reason": report.lastError.map { .text("\($0)") } ?? .null,
        ]
    }
}

extension Progress.Source {
    /// A source as it is shown while it is asked.
    init(_ outcome: SourceOutcome) {
        let report = outcome.report
        let isGiving: Bool
        let state: String?
        switch report.state {
        case .untried, .active: (isGiving, state) = (true, nil)
        case .slow: (isGiving, state) = (true, "slow")
        case .waiting: (isGiving, state) = (false, "waiting")
        case .quarantined, .unusable, .givenUp: (isGiving, state) = (false, "no longer asked")
        }
        // What is past and forgiven is not said again and again.
        let fault = isGiving && report.chunks > 0 ? nil : report.lastError
        let url = "\(outcome.source.url)"
        self.init(
            name: String((url.hasPrefix("https://") ? url.dropFirst(8) : url[...]).prefix { $0 != "/" }),
            bytes: report.bytes,
            rate: isGiving ? report.rate : nil,
            state: state,
            fault: fault.map { "\($0)" }
        )
    }
}
