import TestSupport

/// Lets answers out when a test says so.
final class Gate: Sendable {
    private let isOpen = SharedMutex(false)

    func open() { isOpen.withLock { $0 = true } }

    func pass() async throws {
        while !isOpen.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(10)) }
    }
}
