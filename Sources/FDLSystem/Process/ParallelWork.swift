import Glibc
import Synchronization

/// Told to threads that work for a task: whether it is still wanted.
package final class StopFlag: Sendable {
    private let stopped = Atomic(false)

    package init() {}

    package var isSet: Bool { stopped.load(ordering: .relaxed) }

    package func set() { stopped.store(true, ordering: .relaxed) }
}

/// Work that reads and hashes, on all cores: on threads of its own, since Swift's are for tasks that do not block.
package enum ParallelWork {
    /// Runs `work` on several threads at once until each has returned.
    ///
    /// A cancelled task, or a thread whose work throws, sets the flag that all of them look at.
    /// - Throws: what the first of them threw; `SystemError` if the system gives no thread at all; `CancellationError`.
    package static func run(
        threads count: Int,
        _ work: @escaping @Sendable (StopFlag) throws -> Void
    ) async throws {
        let stop = StopFlag()
        let count = max(1, count)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let threads = Threads(count, continuation, stop)
                for number in 0..<count {
                    let isStarted = startThread(stackBytes: 2 << 20) {
                        do {
                            try work(stop)
                            threads.ended(nil)
                        } catch {
                            threads.ended(error)
                        }
                    }
                    // Fewer than wanted do the same work.
                    guard !isStarted else { continue }
                    let error = SystemError(operation: .other("start a thread"), code: EAGAIN)
                    threads.ended(number == 0 ? error : nil)
                }
            }
        } onCancel: {
            stop.set()
        }
        try Task.checkCancellation()
    }

    /// Counts those that run, and keeps the first error.
    private final class Threads: Sendable {
        private struct State {
            var running: Int
            var error: (any Error)?
        }

        private let state: Mutex<State>
        private let continuation: CheckedContinuation<Void, any Error>
        private let stop: StopFlag

        init(_ count: Int, _ continuation: CheckedContinuation<Void, any Error>, _ stop: StopFlag) {
            state = Mutex(State(running: count))
            self.continuation = continuation
            self.stop = stop
        }

        func ended(_ error: (any Error)?) {
            let result: Result<Void, any Error>? = state.withLock { state in
                if state.error == nil { state.error = error }
                state.running -= 1
                guard state.running == 0 else { return nil }
                return state.error.map { .failure($0) } ?? .success(())
            }
            // After the error is kept: another thread that sees the flag may end with one of its own.
            if error != nil { stop.set() }
            if let result { continuation.resume(with: result) }
        }
    }
}
