import Logging
import NIOCore
import Synchronization

/// Counts what was refused because a bound was reached or this machine had a fault, and says it in the log: at once,
/// then once a minute.
final class LimitNotices: Sendable {
    /// What happens at a bound.
    enum Kind: String, Sendable, CaseIterable {
        case addressLimit = "an address has as many connections as it may have: its longest idle one makes room"
        case addressRefused = "an address has as many connections as it may have, none of them idle: more are refused"
        case connectionLimit = "there are as many connections as there may be: the longest idle one makes room"
        case connectionRefused = "there are as many connections as there may be, none of them idle: more are refused"
        case compressionQueue = "more chunks are to be compressed than may wait: they are sent as they are"
        case localFault = "a file cannot be served: the answer is 503"
        case privateKey = "a private key was asked for: it is not served"
        case proxyHeader = "a proxy's connection does not begin with a valid PROXY header: it is closed"
    }

    private struct Entry {
        var schedule = NoticeSchedule()
        var total: UInt64 = 0
        var metadata: Logger.Metadata = [:]
    }

    private let logger: Logger
    private let entries = Mutex<[Kind: Entry]>([:])

    init(logger: Logger) {
        self.logger = logger
    }

    /// - Parameter metadata: tells of this one case; the log has that of the last.
    func happened(_ kind: Kind, _ metadata: Logger.Metadata = [:], now: NIODeadline = .now()) {
        let count = entries.withLock { entries in
            entries[kind, default: Entry()].total += 1
            entries[kind]?.metadata = metadata
            return entries[kind]?.schedule.happened(now: now)
        }
        if let count { say(kind, count, metadata) }
    }

    /// Says what has happened since it was said last. To be called now and then.
    func sayDue(now: NIODeadline = .now()) {
        for kind in Kind.allCases {
            let due = entries.withLock { entries in
                entries[kind]?.schedule.due(now: now).map { ($0, entries[kind]?.metadata ?? [:]) }
            }
            if let (count, metadata) = due { say(kind, count, metadata) }
        }
    }

    /// How often each has happened since the start.
    var totals: [Kind: UInt64] { entries.withLock { $0.mapValues(\.total) } }

    private func say(_ kind: Kind, _ count: Int, _ metadata: Logger.Metadata) {
        logger.warning("\(kind.rawValue)", metadata: metadata.merging(["count": "\(count)"]) { $1 })
    }
}
