package import FDLCore

/// The failure of a download that cannot be completed because no source can give some of the chunks.
package struct DownloadFailure: Error, Sendable, Equatable {
    /// How many chunks are still missing.
    package let chunksMissing: Int
    /// The number of the first chunk that no source can give.
    package let firstChunkMissing: Int
    /// One report for each source, in the order in which the sources were given.
    package let reports: [SourceReport]
    /// By source, like the reports: how many of the chunks are likely to lie there, though it could not be asked for them.
    /// Empty if nothing tells.
    package let holders: [Int]

    package init(chunksMissing: Int, firstChunkMissing: Int, reports: [SourceReport], holders: [Int] = []) {
        self.chunksMissing = chunksMissing
        self.firstChunkMissing = firstChunkMissing
        self.reports = reports
        self.holders = holders
    }

    /// The same with one report for those of several that are about one source.
    /// - Parameter owners: for each report, the index of the source, in ascending order.
    package func folded(by owners: [Int]) -> DownloadFailure {
        var ledger = SourceLedger(kinds: reports.map(\.kind))
        ledger.reports = reports
        return DownloadFailure(
            chunksMissing: chunksMissing,
            firstChunkMissing: firstChunkMissing,
            reports: ledger.folded(by: owners).reports,
            holders: holders(by: owners)
        )
    }

    /// A source at several addresses has what any of them has.
    private func holders(by owners: [Int]) -> [Int] {
        guard !holders.isEmpty, let last = owners.last else { return [] }
        var result = Array(repeating: 0, count: last + 1)
        for (owner, count) in zip(owners, holders) { result[owner] = max(result[owner], count) }
        return result
    }

    /// What all sources have in common.
    package enum Cause: Sendable, Hashable {
        /// Every source failed in TLS or refused access.
        case access
        /// Every source sent wrong bytes.
        case integrity
        /// Anything else.
        case unavailable
    }

    package var cause: Cause {
        guard !reports.isEmpty else { return .unavailable }
        if reports.allSatisfy({ $0.state == .unusable || $0.isRefused }) { return .access }
        if reports.allSatisfy({ $0.corrupt > 0 && ($0.state == .quarantined || $0.lastError?.cause == .corrupt) }) {
            return .integrity
        }
        return .unavailable
    }

    /// The exit code for the cause: 77, 65 or 69.
    package var exitCode: ExitCode {
        switch cause {
        case .access: .tls
        case .integrity: .integrity
        case .unavailable: .noSource
        }
    }
}

extension SourceReport {
    /// Whether it has refused everything it was asked for.
    fileprivate var isRefused: Bool { chunks == 0 && lastError?.cause == .forbidden(403) }
}
