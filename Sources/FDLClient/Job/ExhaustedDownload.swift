import FDLCore
import FDLPlan

/// A download that no source can complete, as it is reported to a person: how many chunks are missing, why each source
/// could not give them, and what to do about one of these causes.
struct ExhaustedDownload: Explained {
    let cause: DownloadFailure
    /// In the order of `cause.reports`.
    let sources: [Manifest.Source]
    /// What had been given to reach each of them.
    let contexts: [SourceContext]

    var failure: Failure {
        let chunks = counted(cause.chunksMissing, "chunk")
        return Failure(
            cause.exitCode,
            "no source can give \(chunks), the first of them number \(cause.firstChunkMissing)\(holders): "
                + reasons.joined(separator: "; "),
            hint: hint
        )
    }

    /// Where the chunks are likely to lie, if that is known.
    private var holders: String {
        let found = zip(sources, cause.holders).filter { $0.1 > 0 }.map { "\($0.0.url) (\($0.1))" }
        return found.isEmpty ? "" : ", which belong to " + found.joined(separator: ", ")
    }

    /// Each reason once, behind all whose it is.
    private var reasons: [String] {
        var told: [(reason: String, urls: [String])] = []
        for (source, report) in zip(sources, cause.reports) {
            let reason = Self.reason(report)
            if let index = told.firstIndex(where: { $0.reason == reason }) {
                told[index].urls.append("\(source.url)")
            } else {
                told.append((reason, ["\(source.url)"]))
            }
        }
        return told.map { $0.urls.joined(separator: ", ") + ": " + $0.reason }
    }

    private static func reason(_ report: SourceReport) -> String {
        let reason = report.lastError.map { "\($0)" } ?? report.state.name
        return reason + (report.corrupt > 0 ? " (\(report.corrupt) wrong)" : "")
    }

    /// The hint of the cause that is easiest to put right. It names the source if other sources have other hints.
    private var hint: String {
        let causes = zip(zip(sources, contexts), cause.reports).compactMap { source, report in
            report.lastError.map { (source: source.0, error: $0, hint: $0.hint(in: source.1)) }
        }
        guard let told = causes.min(by: { Self.rank(of: $0.error) < Self.rank(of: $1.error) }) else {
            return "try again later, or add a source with --server or --mirror; what was verified is kept"
        }
        return causes.allSatisfy { $0.hint == told.hint } ? told.hint : "\(told.source.url): \(told.hint)"
    }

    /// Causes that can be put right at once rank first; those that only time can cure rank last.
    private static func rank(of error: SourceError) -> Int {
        switch error.cause {
        case .tls, .webPage, .redirects, .protocolViolation, .unreachable(.noAddress), .proxy, .token: 0
        case .forbidden: 1
        case .corrupt, .undecodable: 2
        case .lacking: 3
        case .unreachable(.refused), .unreachable(.other): 4
        case .status, .timeout, .closedEarly, .led: 5
        }
    }
}
