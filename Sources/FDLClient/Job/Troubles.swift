import FDLCore
import FDLPlan

/// Which sources that are still asked have given a person reason to look after them: one that cannot be reached is named
/// within seconds, and not only when it is given up.
struct Troubles {
    /// What was told of a source last.
    private struct Told {
        var reason: String
        var chunks: Int
        var count: Int
        /// Whether it has not given anything since.
        var isDown = true
    }

    /// Of one source, at most so many reasons are told: a source that comes and goes is seen in the account at the end.
    private static let most = 3

    private var told: [Int: Told] = [:]

    /// A source that has not answered is not named before that: it may be far away.
    private static let patience = Duration.seconds(3)

    /// Looks at the accounts as they are now.
    /// - Parameter elapsed: since the first source was asked.
    /// - Returns: the sources to name, by their indices, each with its fault; every one only once for a reason.
    mutating func news(in reports: [SourceReport], after elapsed: Duration) -> [(source: Int, fault: SourceError)] {
        var news: [(source: Int, fault: SourceError)] = []
        for (index, report) in reports.enumerated() {
            guard let fault = report.lastError, isTrouble(report, fault, elapsed) else { continue }
            // Numbers of seconds make no other reason.
            let reason = fault.description.filter { !$0.isNumber }
            if let last = told[index] {
                guard last.count < Self.most else { continue }
                // What fails still is named for another reason only; what had come back, for any.
                if last.isDown { guard last.reason != reason, report.chunks == last.chunks else { continue } }
            }
            told[index] = Told(reason: reason, chunks: report.chunks, count: (told[index]?.count ?? 0) + 1)
            news.append((index, fault))
        }
        return news
    }

    /// Which of the sources that were named give chunks again. Each is told of once, until it is named again.
    mutating func returned(in reports: [SourceReport]) -> [Int] {
        reports.indices.filter { index in
            let report = reports[index]
            guard let last = told[index], last.isDown, report.chunks > last.chunks, report.state.isGood else {
                return false
            }
            told[index]?.isDown = false
            return true
        }
    }

    /// Whether a source gives nothing at present. One that is no longer asked is reported as such.
    private func isTrouble(_ report: SourceReport, _ fault: SourceError, _ elapsed: Duration) -> Bool {
        guard fault.cause != .lacking, fault.cause != .corrupt else { return false }
        return switch report.state {
        case .waiting: true
        case .untried: report.chunks == 0 && elapsed >= Self.patience
        case .active, .slow, .quarantined, .unusable, .givenUp: false
        }
    }
}

extension SourceState {
    fileprivate var isGood: Bool {
        switch self {
        case .active, .slow: true
        case .untried, .waiting, .quarantined, .unusable, .givenUp: false
        }
    }
}
