import Synchronization

/// A report that one thread makes for another.
final class SharedReport: Sendable {
    private let made = Mutex(LocalTreeCheck.Report(totalChunks: 0, matchingChunks: 0, problems: [], unlisted: nil))

    var report: LocalTreeCheck.Report { made.withLock { $0 } }

    func set(_ report: LocalTreeCheck.Report) { made.withLock { $0 = report } }
}
