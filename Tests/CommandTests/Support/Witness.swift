import TestSupport

/// Knows whether a client has taken note of what a bad source answered, however long the client takes for it.
///
/// That an answer was sent tells nothing: a busy client may finish from other sources before it reads it.
final class Witness: Sendable {
    private let bad: FaultServer
    private let client = SharedMutex<RunningProgram?>(nil)

    init(of bad: FaultServer) {
        self.bad = bad
    }

    /// From now on, what the client says counts.
    func watch(_ program: RunningProgram) {
        client.withLock { $0 = program }
    }

    /// Whether the client has shown that it knows: it connects again, it asks for more than it asks for in advance, or
    /// it says that the source lied or is no longer asked.
    var isCertain: Bool {
        // One connection to each of two sources; on it, two requests before the first answer.
        if bad.connections > 1 || bad.requests.count > 2 { return true }
        guard let client = client.withLock({ $0 }) else { return false }
        return String(decoding: client.output, as: UTF8.self).split(separator: "\n").contains { line in
            (line.contains("\"event\":\"source\"") || line.contains("\"event\":\"corrupt\""))
                && line.contains(":\(bad.port)")
        }
    }
}
