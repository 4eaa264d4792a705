import FDLCore

extension DownloadFailure {
    /// The failure a person sees: how much is lacking, and of each source why it could not give it.
    func described(sources: [Manifest.Source]) -> Failure {
        let reasons = zip(sources, reports).map { source, report in
            let reason = report.lastError.map { "\($0)" } ?? report.state.name
            let count = report.corrupt > 0 ? " (\(report.corrupt) wrong)" : ""
            return "\(source.url): \(reason)\(count)"
        }
        let chunks = chunksLacking == 1 ? "1 chunk" : "\(chunksLacking) chunks"
        return Failure(
            exitCode,
            "no source can give \(chunks), the first of them number \(firstChunkLacking): "
                + reasons.joined(separator: "; "),
            hint: hint
        )
    }

    private var hint: String {
        switch exitCode {
        case .tls: "name the sources' private CA with --cacert, or have their certificates mended"
        case .integrity: "add a source that has the right bytes with --server or --mirror; what was verified is kept"
        default: "try again later, or add a source with --server or --mirror; what was verified is kept"
        }
    }
}
