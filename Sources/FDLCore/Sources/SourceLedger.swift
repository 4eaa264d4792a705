/// A source, by its place among those a download was given.
public struct SourceID: Hashable, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }
}

/// What each source has given and done wrong, in the order the sources were named.
package struct SourceLedger: Sendable, Equatable {
    /// One report a source; the index is `SourceID.rawValue`.
    package var reports: [SourceReport]

    /// The account of a download in which nothing has happened yet.
    package init(kinds: [SourceKind]) {
        reports = kinds.enumerated().map { SourceReport(source: SourceID(rawValue: $0.offset), kind: $0.element) }
    }

    /// The report of one source.
    package subscript(source: SourceID) -> SourceReport { reports[source.rawValue] }
}

/// One source's account.
public struct SourceReport: Sendable, Equatable {
    public let source: SourceID
    public let kind: SourceKind
    /// Bytes of the chunks accepted.
    public package(set) var bytes: Int64 = 0
    /// Chunks accepted: their digest was right, and they came first.
    public package(set) var chunks = 0
    /// Chunks whose digest was wrong. One is enough to be quarantined.
    public package(set) var corrupt = 0
    /// Connections and requests that failed for any other reason than a wrong or a lacking chunk.
    public package(set) var failed = 0
    /// Chunks it does not have. No fault.
    public package(set) var lacked = 0
    public package(set) var state: SourceState = .untried
    /// The last thing it did wrong, `.lacking` only where it never did anything worse.
    public package(set) var lastError: SourceError?
    /// Bytes a second over all its connections, as last measured; nil where nothing was.
    public package(set) var rate: Double?
}

/// How a source stands.
public enum SourceState: Sendable, Hashable {
    /// Nothing has been heard from it yet.
    case untried
    /// Connected, or ready to be.
    case active
    /// Much slower than the others: keeps its place, holds one chunk at a time.
    case slow
    /// Failed; not bothered again before this instant.
    case waiting(until: Duration)
    /// Sent wrong bytes, or broke the protocol again and again: not asked again in this job.
    case quarantined
    /// Its TLS or its access rules shut us out: not asked again in this job.
    case unusable
    /// Failed again and again for a minute or more without one good answer: not asked again in this job.
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

    /// Whether it will not be asked again in this job.
    public var isFinal: Bool {
        switch self {
        case .quarantined, .unusable, .givenUp: true
        case .untried, .active, .slow, .waiting: false
        }
    }
}
