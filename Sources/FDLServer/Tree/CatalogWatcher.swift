import FDLCore
import FDLSystem
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Keeps the catalog in step with the root.
final class CatalogWatcher: Sendable {
    /// The shortest pause between two looks. After a look that takes long, the pause is longer: see `watch`.
    static let interval = Duration.seconds(2)

    private let root: ServedRoot
    private let logger: Logger
    private let current: Mutex<Catalog>
    private let offered = Mutex<[Publication]>([])
    // Only `look` takes it, one look after the other.
    private let scanner: Mutex<CatalogScanner>
    private let signers: Mutex<PublicationReader>
    private let schedule = Mutex(LookSchedule<EventLoopPromise<Void>>())
    private let distrusted = Mutex<Set<String>>([])
    /// When the tree was last looked at without a failure.
    private let lastLook = Mutex(ContinuousClock.now)
    /// Why the last walk failed as a whole.
    private let blindness = Mutex<SystemError?>(nil)

    /// Makes the first scan.
    init(root: ServedRoot, logger: Logger) {
        self.root = root
        self.logger = logger
        self.current = Mutex(Catalog([]))
        self.scanner = Mutex(CatalogScanner(root: root))
        self.signers = Mutex(PublicationReader(root: root))
        look()
    }

    /// How long ago the tree was last looked at without a failure.
    var age: Duration { ContinuousClock.now - lastLook.withLock { $0 } }

    var catalog: Catalog { current.withLock { $0 } }

    /// Whether what the catalog lacks is not there: all of the tree could be read when it was looked at last.
    var seesAll: Bool { catalog.isComplete && blindness.withLock { $0?.isPassing } != true }

    /// What the catalog offers to people.
    var publications: [Publication] { offered.withLock { $0 } }

    /// Looks at the tree repeatedly, on `threads`, until the task is cancelled.
    func watch(on threads: NIOThreadPool) async {
        var pause = Self.interval
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: pause)
                let started = ContinuousClock.now
                try await threads.runIfActive { _ = self.look() }
                // A tree so large that a look takes long must not be scanned all the time.
                pause = max(Self.interval, (ContinuousClock.now - started) * 5)
            } catch {
                return
            }
        }
    }

    /// Looks at the tree because of a request that the catalog cannot answer.
    /// - Returns: on `loop`, once the catalog has what the tree has now, or it would take too long. Never fails.
    func lookAgain(on threads: NIOThreadPool, _ loop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        if let start = schedule.withLock({ $0.add(promise, now: .now()) }) { plan(at: start, on: threads, loop) }
        return promise.futureResult
    }

    private func plan(at start: NIODeadline, on threads: NIOThreadPool, _ loop: any EventLoop) {
        guard start > .now() else { return lookForWaiters(on: threads, loop) }
        loop.scheduleTask(deadline: start) { self.lookForWaiters(on: threads, loop) }
    }

    private func lookForWaiters(on threads: NIOThreadPool, _ loop: any EventLoop) {
        threads.submit { state in
            let mayWalk = self.schedule.withLock { $0.begin(now: .now()) }
            // Threads that are shut down do nothing any more: the worker is about to end.
            let outcome = state == .active ? self.look(mayWalk: mayWalk) : .unchanged
            let (done, next) = self.schedule.withLock { $0.end(outcome, now: .now()) }
            for promise in done { promise.succeed() }
            if let next { self.plan(at: next, on: threads, loop) }
        }
    }

    /// Scans the tree if something may have changed.
    @discardableResult
    func look(mayWalk: Bool = true) -> LookSchedule<EventLoopPromise<Void>>.Outcome {
        scanner.withLock { scanner in
            // If nothing is at the root's path for a moment, the open directory continues to be served.
            try? root.refresh()
            guard scanner.isOutdated else {
                lastLook.withLock { $0 = .now }
                return .unchanged
            }
            guard mayWalk else { return .postponed }
            // Whoever signs makes and renames files: a tree that changes under a walk is quiet a moment later.
            for isLast in [false, false, true] {
                do throws(SystemError) {
                    let (catalog, notices) = try scanner.scan(now: WallClock.nanoseconds)
                    current.withLock { $0 = catalog }
                    blindness.withLock { $0 = nil }
                    lastLook.withLock { $0 = .now }
                    let keyPaths = scanner.publicKeys
                    let publications = signers.withLock { $0.publications(of: catalog, keyPaths: keyPaths) }
                    offered.withLock { $0 = publications }
                    if !notices.isEmpty { distrusted.withLock { $0.removeAll() } }
                    for notice in notices { tell(notice) }
                    break
                } catch {
                    guard isLast else { continue }
                    let isNew = blindness.withLock { blindness in
                        defer { blindness = error }
                        return blindness != error
                    }
                    guard isNew else { break }
                    logger.warning("the tree changed while it was scanned, or cannot be read: \(error)")
                }
            }
            return .walked
        }
    }

    /// Warns that a file's size no longer fits its manifest: once per file, and again after the manifests have changed.
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
        case .fault(let path, let reason):
            logger.warning(
                "a part of the tree cannot be read, what was known of it stays: \(reason)",
                metadata: ["path": "\(path)"]
            )
        case .passedOver(let other):
            let why = other.isSigned ? "one that lies higher in the tree has its name" : "it is not signed"
            logger.warning(
                "a manifest with a higher version is passed over: \(why)",
                metadata: [
                    "path": "\(other.path)", "name": "\(other.name.string)", "version": "\(other.version)",
                    "preferred": "\(other.preferred)",
                ]
            )
        case .privateKey(let path):
            logger.warning(
                "a private key lies below the root: it is not served, but it does not belong there",
                metadata: ["path": "\(path)"]
            )
        case .neverServed(let path, let manifest):
            logger.warning(
                "a manifest names what looks like a private key or an unfinished download: it is not served",
                metadata: ["path": "\(path)", "manifest": "\(manifest)"]
            )
        }
    }
}
