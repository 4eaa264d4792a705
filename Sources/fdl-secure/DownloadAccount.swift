import FDLClient
import FDLCommand
import FDLCore

/// What is said at the end of a download.
enum DownloadAccount {
    /// For people: the output, what it took, and one line a source if anything was fetched.
    /// - Parameter files: how many the output has; nil if it is no folder.
    static func lines(_ summary: DownloadSummary, files: Int? = nil, signer: SignerName?) -> [String] {
        let size = (files.map { counted($0, "file") + ", " } ?? "") + ByteCount.text(summary.bytes)
        let output = summary.path == "-" ? "standard output" : summary.path
        var lines = [
            "\(output): \(size) verified in \(JSONValue.seconds(summary.duration)) s, "
                + SignerName.phrase(signer)
        ]
        guard summary.fetchedChunks > 0 else {
            lines.append("  nothing was fetched: all \(summary.totalChunks) chunks were here already")
            return lines
        }
        var fetched = "  fetched \(ByteCount.text(summary.fetchedBytes))"
        if summary.fetchDuration >= .milliseconds(1) {
            let rate = rate(summary.fetchedBytes, in: summary.fetchDuration)
            fetched += " in \(JSONValue.seconds(summary.fetchDuration)) s at \(rate)"
        }
        fetched += " (\(counted(summary.fetchedChunks, "chunk")))"
        if summary.reusedChunks > 0 {
            let reused = ByteCount.text(summary.bytes - summary.fetchedBytes)
            fetched += ", \(reused) reused (\(counted(summary.reusedChunks, "chunk")))"
        }
        lines.append(fetched)
        let shares = Shares.percents(summary.sources.map(\.report.bytes))
        lines += zip(summary.sources, shares).map { "  \($0.source.url): " + facts($0.report, share: $1) }
        for outcome in summary.sources where outcome.report.corrupt > 0 && outcome.report.state == .quarantined {
            lines.append("  tell whoever runs \(outcome.source.url) that it gives other bytes than were signed")
        }
        return lines
    }

    /// The average over a time, which is not zero.
    static func rate(_ bytes: Int64, in time: Duration) -> String {
        ByteCount.text(Int64(Double(bytes) / (time / .seconds(1)))) + "/s"
    }

    /// What a source has given and done wrong, each kind of fault with its own reason.
    /// - Parameter share: of all that was fetched, in percent.
    static func facts(_ report: SourceReport, share: Int) -> String {
        var facts: [String] = []
        if report.chunks > 0 {
            facts.append("\(share) %, \(counted(report.chunks, "chunk")), \(ByteCount.text(report.bytes))")
        } else {
            facts.append("nothing")
        }
        if report.corrupt > 0 { facts.append("\(report.corrupt) WRONG, refused (\(SourceError.corrupt))") }
        if report.failed > 0 {
            let reason = report.lastFailure.map { " (\(report.failed > 1 ? "last: " : "")\($0))" }
            facts.append("\(report.failed) failed" + (reason ?? ""))
        }
        if report.lacked > 0 { facts.append("\(report.lacked) not there") }
        if report.hedged > 0 { facts.append("\(report.hedged) asked for besides another source") }
        // What is counted nowhere, such as silence.
        if let error = report.lastError, report.state.isFinal || report.chunks == 0, error.cause != .corrupt,
            error.cause != .lacking, error != report.lastFailure
        {
            facts.append("\(error)")
        }
        return facts.joined(separator: ", ")
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
        // Being asked again is waiting, too, as long as nothing comes.
        let shownState = state ?? (fault.map { $0.cause == .lacking || $0.cause == .corrupt } ?? true ? nil : "waiting")
        let url = "\(outcome.source.url)"
        self.init(
            name: String((url.hasPrefix("https://") ? url.dropFirst(8) : url[...]).prefix { $0 != "/" }),
            bytes: report.bytes,
            received: outcome.receivedBytes,
            isGiving: isGiving,
            state: shownState,
            fault: fault.map { "\($0)" }
        )
    }
}
