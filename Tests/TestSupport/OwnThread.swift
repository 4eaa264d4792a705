import class Foundation.Thread

/// Runs what blocks on a thread of its own.
///
/// Tasks have as many threads as there are cores, for all tests together: whoever blocks one until another task has done
/// something may wait for ever, since the others may be blocked as well.
package func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Result(catching: body)) }.start()
    }
}
