import Synchronization

/// Paths that several threads find, each once.
final class FoundPaths: Sendable {
    private let paths = Mutex<Set<String>>([])

    func add(_ path: String) { paths.withLock { _ = $0.insert(path) } }

    /// Sorted.
    var all: [String] { paths.withLock { $0.sorted() } }
}
