import FDLSystem
import Logging
import NIOPosix
import Synchronization

/// Keeps the catalog in step with the root.
final class CatalogWatcher: Sendable {
    /// How long after one look the next begins. A change shows within this and the time that a scan takes.
    static let interval = Duration.seconds(2)

    private let root: ServedRoot
    private let logger: Logger
    private let current: Mutex<Catalog>
    // Only the watching task takes it, one look after the other.
    private let scanner: Mutex<CatalogScanner>
    private let distrusted = Mutex<Set<String>>([])

    /// Makes the first scan.
    init(root: ServedRoot, logger: Logger) {
        self.root = root
        self.logger = logger
        self.current = Mutex(Catalog([]))
        self.scanner = Mutex(CatalogScanner(root: root))
        look()
    }

    var catalog: Catalog { current.withLock { $0 } }

    /// Looks again and again until the task is cancelled; the looking itself happens on `threads`.
    func watch(on threads: NIOThreadPool) async {
        var pause = Self.interval
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: pause)
                let started = ContinuousClock.now
                try await threads.runIfActive { self.look() }
                // A tree so large that a look takes long is not looked at without a break.
                pause = max(Self.interval, (ContinuousClock.now - started) * 5)
            } catch {
                return
            }
        }
    }

    /// Scans where something may have changed.
    func look() {
        scanner.withLock { scanner in
            // Where nothing stands at the root's path for a moment, what is open is served on.
            try? root.refresh()
            guard scanner.isOutdated else { return }
            do throws(SystemError) {
                let (catalog, notices) = try scanner.scan(now: WallClock.nanoseconds)
                current.withLock { $0 = catalog }
                if !notices.isEmpty { distrusted.withLock { $0.removeAll() } }
                for notice in notices { tell(notice) }
            } catch {
                logger.warning("the tree changed while it was scanned, or cannot be read: \(error)")
            }
        }
    }

    /// Says once for each file that its size no longer fits its manifest.
    func reportWrongSize(_ path: String, expected: Int64, found: Int64) {
        guard distrusted.withLock({ $0.insert(path).inserted }) else { return }
        logger.warning(
            "a file no longer fits its manifest and is not served from",
            metadata: ["path": "\(path)", "expected": "\(expected)", "found": "\(found)"]
        )
    }

    private func tell(_ notice: CatalogScanner.Notice) {
        switch notice {
        case .found(let path, let name, let version, let files, let bytes):
            logger.info(
                "manifest found",
                metadata: [
                    "path": "\(path)", "name": "\(name)", "version": "\(version)", "files": "\(files)",
                    "bytes": "\(bytes)",
                ]
            )
        case .gone(let path):
            logger.info("manifest gone", metadata: ["path": "\(path)"])
        case .unreadable(let path, let reason):
            logger.warning("not a manifest: \(reason)", metadata: ["path": "\(path)"])
        case .unreadableDirectory(let path, let reason):
            logger.warning("a directory cannot be searched: \(reason)", metadata: ["path": "\(path)"])
        case .privateKey(let path, let manifest):
            logger.warning(
                "a manifest names what looks like a private key: it is not served",
                metadata: ["path": "\(path)", "manifest": "\(manifest)"]
            )
        }
    }
}
