package import FDLCore

/// Why a download cannot be completed: some chunks no source can still give.
package struct DownloadFailure: Error, Sendable, Equatable {
    /// How many chunks are lacking.
    package let chunksMissing: Int
    /// The first of them.
    package let firstChunkMissing: Int
    /// Every source's account, in the order the sources were named.
    package let reports: [SourceReport]

    package init(chunksMissing: Int, firstChunkMissing: Int, reports: [SourceReport]) {
        self.chunksMissing = chunksMissing
        self.firstChunkMissing = firstChunkMissing
        self.reports = reports
    }

    /// What it came down to.
    package enum Cause: Sendable, Hashable {
        /// Every source failed by its TLS or refused access.
        case access
        /// Every source sent wrong bytes.
        case integrity
        /// Anything else.
        case unavailable
    }

    package var cause: Cause {
        guard !reports.isEmpty else { return .unavailable }
        if reports.allSatisfy({ $0.state == .unusable }) { return .access }
        if reports.allSatisfy({ $0.state == .quarantined && $0.corrupt > 0 }) { return .integrity }
        return .unavailable
    }

    /// The exit code that says so: 77, 65 or 69.
    package var exitCode: ExitCode {
        switch cause {
        case .access: .tls
        case .integrity: .integrity
        case .unavailable: .noSource
        }
    }
}
