import FDLCore
import FDLPlan

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

    /// Whether every refusal was over a pin: then no authority can help.
    private var isPinned: Bool {
        let refusals = reports.compactMap { report -> String? in
            if case .tls(let reason) = report.lastError { reason } else { nil }
        }
        return !refusals.isEmpty && refusals.allSatisfy { $0.isPinRefusal }
    }

    /// Whether some refusal was over a date: then the clock may be what is wrong.
    private var isOfDates: Bool {
        reports.contains { report in
            if case .tls(let reason) = report.lastError { reason.isDateRefusal } else { false }
        }
    }

    private var hint: String {
        switch exitCode {
        case .tls where isPinned:
            "ask the sources' operators for the pins of their keys, and compare with those of --pin and the manifest"
        case .tls where isOfDates:
            "check this machine's clock; if it is right, the sources' operators have to renew their certificates"
        case .tls: "name the sources' private CA with --cacert, or have their certificates mended"
        case .integrity: "add a source that has the right bytes with --server or --mirror; what was verified is kept"
        default: "try again later, or add a source with --server or --mirror; what was verified is kept"
        }
    }
}

extension String {
    /// Whether the reason of a `SourceError.tls` is that of `TLSError.pinMismatch`.
    var isPinRefusal: Bool { hasSuffix("is not one of those pinned") }

    /// Whether the reason of a `SourceError.tls` is that of `TLSError.certificateExpired` or `.certificateNotYetValid`.
    var isDateRefusal: Bool { hasSuffix("has expired") || hasSuffix("is not yet valid") }
}
