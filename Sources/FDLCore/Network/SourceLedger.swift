/// Identifies a source by its position among the sources of a download.
public struct SourceID: Hashable, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }
}

/// What each source has given and done wrong, in the order in which the sources were given.
package struct SourceLedger: Sendable, Equatable {
    /// One report for each source; the index is `SourceID.rawValue`.
    package var reports: [SourceReport]

    /// The ledger of a download in which nothing has happened yet.
    package init(kinds: [SourceKind]) {
        reports = kinds.enumerated().map { SourceReport(source: SourceID(rawValue: $0.offset), kind: $0.element) }
    }

    /// The report of one source.
    package subscript(source: SourceID) -> SourceReport { reports[source.rawValue] }
}

/// What one source has given and done wrong in a download.
public struct SourceReport: Sendable, Equatable {
    public let source: SourceID
    public let kind: SourceKind
    /// The length of the accepted chunks, in bytes.
    public package(set) var bytes: Int64 = 0
    /// How many chunks were accepted: verified, and not given by another source before.
    public package(set) var chunks = 0
    /// How many chunks had a wrong digest, each counted once. A second one may be enough to be quarantined.
    public package(set) var corrupt = 0
    /// How many connections and requests failed, other than by a wrong digest or a chunk that the source lacks.
    public package(set) var failed = 0
    /// How many chunks the source answered that it lacks. That is no fault.
    public package(set) var lacked = 0
    /// How many chunks the source was asked for although another had been asked before and was expected later.
    public package(set) var hedged = 0
    public package(set) var state: SourceState = .untried
    /// Its last error; `.lacking` only if it never did anything worse.
    public package(set) var lastError: SourceError?
    /// The last of those that `failed` counts.
    public package(set) var lastFailure: SourceError?
    /// Bytes a second over all its connections, as last measured; nil if nothing was measured.
    public package(set) var rate: Double?
}

/// The state of a source in a download.
public enum SourceState: Sendable, Hashable {
    /// It has given no good answer yet, and has no open connection.
    case untried
    /// It has an open connection, or has given a good answer.
    case active
    /// It is much slower than the others. It stays in use, with one chunk at a time on each connection.
    case slow
    /// It has failed and is not asked again before this instant, counted from the start of the plan's clock.
    case waiting(until: Duration)
    /// It sent wrong bytes, or broke the protocol repeatedly, and is not asked again in this job.
    case quarantined
    /// TLS failed, or it refused access, and it is not asked again in this job.
    case unusable
    /// It kept failing for too long without a good answer, and is not asked again in this job. That takes ten seconds
    /// if no source could be reached, otherwise a minute or more.
    case givenUp

    /// One word for reports.
    public var name: String {
        switch self {
        case .untried: "untried"
        case .active: "active"
        case .slow: "slow"
        case .waiting: "waiting"
        case .quarantined: "quarantined"
        case .unusable: "unusable"
        case .givenUp: "given-up"
        }
    }

    /// Whether the source is not asked again in this job.
    public var isFinal: Bool {
        switch self {
        case .quarantined, .unusable, .givenUp: true
        case .untried, .active, .slow, .waiting: false
        }
    }
}
