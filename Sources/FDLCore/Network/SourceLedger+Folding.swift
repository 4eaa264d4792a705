/// The accounts of a source's addresses as one.
extension SourceLedger {
    /// - Parameter owners: for each report, the index of the source that it is about, in ascending order; each source has
    ///   at least one.
    /// - Returns: one report a source.
    package func folded(by owners: [Int]) -> SourceLedger {
        var groups: [[SourceReport]] = []
        for (owner, report) in zip(owners, reports) {
            if owner == groups.count { groups.append([]) }
            groups[owner].append(report)
        }
        var result = SourceLedger(kinds: groups.compactMap { $0.first?.kind })
        for (index, group) in groups.enumerated() { result.reports[index].fold(group) }
        return result
    }
}

extension SourceReport {
    /// An address at which nobody answers says nothing about a source that answers at another: a server often listens on
    /// one of its host's addresses only.
    fileprivate mutating func fold(_ group: [SourceReport]) {
        let reached = group.filter { !$0.isUnreached }
        let told = reached.isEmpty ? group : reached
        bytes = group.reduce(0) { $0 + $1.bytes }
        chunks = group.reduce(0) { $0 + $1.chunks }
        corrupt = group.reduce(0) { $0 + $1.corrupt }
        lacked = group.reduce(0) { $0 + $1.lacked }
        hedged = group.reduce(0) { $0 + $1.hedged }
        failed = told.reduce(0) { $0 + $1.failed }
        let rates = group.compactMap(\.rate)
        rate = rates.isEmpty ? nil : rates.reduce(0, +)
        // The source is as well as the best of its addresses.
        state = told.map(\.state).min { $0.rank < $1.rank } ?? state
        lastFailure = told.compactMap(\.lastFailure).first
        let errors = told.compactMap(\.lastError)
        lastError = errors.first { $0 == .corrupt } ?? errors.first { $0 != .lacking } ?? errors.first
    }

    private var isUnreached: Bool {
        guard bytes == 0, chunks == 0, corrupt == 0, lacked == 0 else { return false }
        return switch lastError {
        case .unreachable, .timeout: true
        case nil: state == .untried
        default: false
        }
    }
}

extension SourceState {
    /// The lowest is the best.
    fileprivate var rank: Int {
        switch self {
        case .active: 0
        case .slow: 1
        case .waiting: 2
        case .untried: 3
        case .quarantined: 4
        case .unusable: 5
        case .givenUp: 6
        }
    }
}
