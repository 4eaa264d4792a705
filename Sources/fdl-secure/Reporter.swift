import FDLClient
import FDLCommand
import FDLCore
import Synchronization

/// Tells a person, or with `--json` a program, what happens. Lines for people go to standard error, so that standard
/// output stays free for the bytes.
final class Reporter: Sendable {
    private let json: Bool
    private let quiet: Bool
    private let line: ProgressLine
    private let told = Mutex<Set<String>>([])

    init(json: Bool, quiet: Bool) {
        self.json = json
        self.quiet = quiet
        line = ProgressLine(isShown: StandardStream.error.isTerminal && !json && !quiet)
    }

    func begins(_ manifest: Manifest, sources: [Manifest.Source]) {
        let files = manifest.files.count == 1 ? "1 file" : "\(manifest.files.count) files"
        say(
            "\(manifest.name) version \(manifest.version): \(files), \(ByteCount.text(manifest.totalBytes)), "
                + "\(sources.count) source\(sources.count == 1 ? "" : "s")"
        )
    }

    /// Reports something that a person should know, but that does not end the command.
    func warn(_ text: String) {
        emit(["event": "warning", "message": .text(text)])
        say("warning: \(text)")
    }

    /// Reports something that may well be intended.
    func note(_ text: String) {
        emit(["event": "note", "message": .text(text)])
        say("note: \(text)")
    }

    /// What was asked at a URL is elsewhere. Said once.
    func redirected(_ url: String, to origin: Origin) {
        let url = withoutSecrets(url)
        guard told.withLock({ $0.insert("\(url) \(origin)").inserted }) else { return }
        emit(["event": "redirected", "url": .text(url), "to": .text("\(origin)")])
        say("note: \(url) leads to \(origin)")
    }

    func report(_ event: DownloadEvent) {
        switch event {
        case .scanned(let reused, let total):
            emit(["event": "scanned", "reused": .number(reused), "total": .number(total)])
            if reused > 0 { say("\(reused) of \(total) chunks are here already") }
        case .progress(let chunks, let totalChunks, let bytes, let totalBytes):
            emit([
                "event": "progress", "chunks": .number(chunks), "totalChunks": .number(totalChunks),
                "bytes": .number(Int(bytes)), "totalBytes": .number(Int(totalBytes)),
            ])
            line.report(done: bytes, total: totalBytes)
        case .kept(let path):
            emit(["event": "kept", "path": .text(path)])
            say("what is left of the folder that was replaced is kept in \(path)")
        case .limited(let limitation):
            emit(["event": "limited", "what": .text("\(limitation)")])
            say("note: \(limitation)")
        case .sourceDropped(let source, let reason):
            emit(["event": "source", "url": .text("\(source.url)"), "dropped": .text(reason)])
            say("\(source.url) is no longer asked: \(reason)")
        case .redirected(let source, let origin): redirected("\(source.url)", to: origin)
        case .corrupt(let source, let chunk):
            emit(["event": "corrupt", "url": .text("\(source.url)"), "chunk": .number(chunk)])
            say("\(source.url) sent wrong bytes for chunk \(chunk)")
        }
    }

    func finished(_ summary: DownloadSummary) {
        emit([
            "event": "done", "path": .text(summary.path), "bytes": .number(Int(summary.bytes)),
            "chunks": [
                "total": .number(summary.totalChunks), "fetched": .number(summary.fetchedChunks),
                "reused": .number(summary.reusedChunks),
            ],
            "seconds": .seconds(summary.duration),
            "sources": .list(summary.sources.map(Self.json)),
        ])
        for outcome in summary.sources where summary.fetchedChunks > 0 {
            let report = outcome.report
            var line = "  \(outcome.source.url): \(report.chunks) chunks, \(ByteCount.text(report.bytes))"
            if report.corrupt > 0 { line += ", \(report.corrupt) WRONG" }
            if report.failed > 0 { line += ", \(report.failed) failed" }
            if report.lacked > 0 { line += ", \(report.lacked) not there" }
            if let error = report.lastError, report.state.isFinal { line += " (\(error))" }
            say(line)
        }
        say(
            "\(summary.path): \(ByteCount.text(summary.bytes)) verified in \(JSONValue.seconds(summary.duration)) s, "
                + "\(summary.fetchedChunks) chunks fetched, \(summary.reusedChunks) reused"
        )
    }

    func problem(_ problem: LocalTreeCheck.Problem) {
        emit(["event": "problem", "path": .text(problem.path), "problem": .text("\(problem.kind)")])
        say("\(problem)")
    }

    func verified(_ report: LocalTreeCheck.Report, path: String) {
        guard report.isComplete else { return }
        emit([
            "event": "done", "path": .text(path),
            "chunks": ["total": .number(report.totalChunks), "matching": .number(report.matchingChunks)],
        ])
        say("\(path): all \(report.totalChunks) chunks match")
    }

    private static func json(_ outcome: SourceOutcome) -> JSONValue {
        let report = outcome.report
        return [
            "url": .text("\(outcome.source.url)"), "kind": .text(outcome.source.kind.rawValue),
            "bytes": .number(Int(report.bytes)), "chunks": .number(report.chunks),
            "corrupt": .number(report.corrupt), "failed": .number(report.failed),
            "lacked": .number(report.lacked), "state": .text(report.state.name),
            "reason": report.lastError.map { .text("\($0)") } ?? .null,
        ]
    }

    private func emit(_ value: JSONValue) {
        if json { StandardStream.output.writeLine(value.description) }
    }

    private func say(_ line: String) {
        guard !quiet, !json else { return }
        endProgress()
        StandardStream.error.writeLine(printable(line))
    }

    /// Takes the progress line away before another line is written.
    func endProgress() { line.end() }
}
