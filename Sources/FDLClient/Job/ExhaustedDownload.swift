import FDLCore
import FDLPlan

/// A download that no source can complete, as a person is told: how much is lacking, of each source why it could not
/// give it, and what to do about one of these causes.
struct ExhaustedDownload: Explained {
    let cause: DownloadFailure
    /// In the order of the cause's reports.
    let sources: [Manifest.Source]
    let context: SourceContext

    var failure: Failure {
        let chunks = cause.chunksMissing == 1 ? "1 chunk" : "\(cause.chunksMissing) chunks"
        return Failure(
            cause.exitCode,
            "no source can give \(chunks), the first of them number \(cause.firstChunkMissing): "
                + zip(sources, cause.reports).map(Self.reason).joined(separator: "; "),
            hint: hint
        )
    }

    private static func reason(_ source: Manifest.Source, _ report: SourceReport) -> String {
        let reason = report.lastError.map { "\($0)" } ?? report.state.name
        let count = report.corrupt > 0 ? " (\(report.corrupt) wrong)" : ""
        return "\(source.url): \(reason)\(count)"
    }

    /// That of the cause which whoever reads it can do most about. It says whose that is if others have another.
    private var hint: String {
        let causes = zip(sources, cause.reports).compactMap { source, report in
            report.lastError.map { (source: source, error: $0, hint: $0.hint(in: context)) }
        }
        guard let told = causes.min(by: { Self.rank(of: $0.error) < Self.rank(of: $1.error) }) else {
            return "try again later, or add a source with --server or --mirror; what was verified is kept"
        }
        return causes.allSatisfy { $0.hint == told.hint } ? told.hint : "\(told.source.url): \(told.hint)"
    }

    /// What can be put right at once comes first, what only time can last.
    private static func rank(of error: SourceError) -> Int {
        switch error {
        case .tls, .redirects, .protocolViolation, .unreachable(.noAddress): 0
        case .forbidden: 1
        case .corrupt, .undecodable: 2
        case .lacking: 3
        case .unreachable(.refused), .unreachable(.other): 4
        case .status, .timeout, .closedEarly: 5
        }
    }
}
