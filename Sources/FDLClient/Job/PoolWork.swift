import NIOPosix
import Synchronization

/// Told to threads that work for a task: whether it is still wanted.
final class StopFlag: Sendable {
    private let stopped = Atomic(false)

    var isSet: Bool { stopped.load(ordering: .relaxed) }

    func set() { stopped.store(true, ordering: .relaxed) }
}

extension NIOThreadPool {
    /// Runs `work` on several threads at once until each has returned.
    ///
    /// A cancelled task, or one of them that throws, sets the flag that all of them look at.
    func runEverywhere(_ count: Int, _ work: @escaping @Sendable (StopFlag) throws -> Void) async throws {
        let stop = StopFlag()
        try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<max(1, count) {
                    group.addTask {
                        try await self.runIfActive {
                            do { try work(stop) } catch {
                                stop.set()
                                throw error
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        } onCancel: {
            stop.set()
        }
        try Task.checkCancellation()
    }
}
