import NIOCore
import Synchronization

/// A connection's place among those of the worker: what other threads have to know of it.
final class ConnectionSeat: Sendable {
    let channel: any Channel
    /// When it began to wait for its peer, in nanoseconds; `busy` while something is answered.
    private let waiting: Atomic<UInt64>

    private static let busy = UInt64.max

    init(_ channel: any Channel, now: NIODeadline = .now()) {
        self.channel = channel
        waiting = Atomic(now.uptimeNanoseconds)
    }

    var identity: ObjectIdentifier { ObjectIdentifier(channel) }

    /// Since when nothing is answered on it; nil while something is.
    var waitingSince: NIODeadline? {
        let nanoseconds = waiting.load(ordering: .relaxed)
        return nanoseconds == Self.busy ? nil : .uptimeNanoseconds(nanoseconds)
    }

    /// A phase has begun.
    func note(_ phase: ConnectionDeadlines.Phase, now: NIODeadline) {
        switch phase {
        case .answering: waiting.store(Self.busy, ordering: .relaxed)
        case .handshake, .idle, .header, .closing: waiting.store(now.uptimeNanoseconds, ordering: .relaxed)
        }
    }
}

/// The event that asks a connection on which nothing is answered to close, so that another has room.
struct ConnectionMakesRoom: Sendable {}
