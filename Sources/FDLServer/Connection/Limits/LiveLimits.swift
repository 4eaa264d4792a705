import NIOCore
import Synchronization

/// The limits that new connections get, the line that all share, and what else can be replaced while the worker runs and
/// has no place of its own.
final class LiveLimits: Sendable {
    private struct State {
        var limits: WorkerLimits
        var demandsTLS: Bool
        var pacer: RatePacer
    }

    private let state: Mutex<State>

    init(_ limits: WorkerLimits, demandsTLS: Bool = false) {
        state = Mutex(State(limits: limits, demandsTLS: demandsTLS, pacer: RatePacer(rate: limits.rate)))
    }

    var current: WorkerLimits { state.withLock { $0.limits } }

    /// Whether answers have Strict-Transport-Security.
    var demandsTLS: Bool { state.withLock { $0.demandsTLS } }

    func replace(with limits: WorkerLimits, demandsTLS: Bool = false) {
        state.withLock { state in
            state.limits = limits
            state.demandsTLS = demandsTLS
            state.pacer.rate = limits.rate
        }
    }

    /// Books time on the line for a piece of whatever connection.
    /// - Returns: how long to wait before it is sent.
    func book(_ bytes: Int, now: NIODeadline) -> TimeAmount { state.withLock { $0.pacer.book(bytes, now: now) } }

    /// The rate that all connections share, in bytes a second.
    var rate: Int64? { state.withLock { $0.pacer.rate } }
}
