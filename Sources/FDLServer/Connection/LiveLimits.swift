import NIOCore
import Synchronization

/// The limits that new connections get, and the line that all share. They can be replaced while the worker runs.
final class LiveLimits: Sendable {
    private struct State {
        var limits: WorkerLimits
        var pacer: RatePacer
    }

    private let state: Mutex<State>

    init(_ limits: WorkerLimits) {
        state = Mutex(State(limits: limits, pacer: RatePacer(rate: limits.rate)))
    }

    var current: WorkerLimits { state.withLock { $0.limits } }

    func replace(with limits: WorkerLimits) {
        state.withLock { state in
            state.limits = limits
            state.pacer.rate = limits.rate
        }
    }

    /// Books time on the line for a piece of whatever connection.
    /// - Returns: how long to wait before it is sent.
    func book(_ bytes: Int, now: NIODeadline) -> TimeAmount { state.withLock { $0.pacer.book(bytes, now: now) } }

    /// The rate that all connections share, in bytes a second.
    var rate: Int64? { state.withLock { $0.pacer.rate } }
}
