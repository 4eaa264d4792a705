import FDLTLS
import Logging
import NIOCore
import Synchronization

/// The open connections of all listeners.
final class Connections: Sendable {
    private struct State {
        var table: ConnectionTable
        var waiting: [Waiting] = []
        var isEnding = false
        /// When all are cut, once the worker is to end.
        var end: ContinuousClock.Instant?
    }

    private struct Waiting {
        var connections: Set<ObjectIdentifier>
        let continuation: CheckedContinuation<Void, Never>
    }

    private let logger: Logger
    private let notices: LimitNotices
    private let state: Mutex<State>

    init(_ rules: ConnectionRules, logger: Logger, notices: LimitNotices) {
        self.logger = logger
        self.notices = notices
        state = Mutex(State(table: ConnectionTable(rules)))
    }

    /// Other rules count from now on; the connections that are too many by them, and wait, close.
    func replace(_ rules: ConnectionRules) {
        for seat in state.withLock({ $0.table.replace(rules) }) { tellToLeave(seat) }
    }

    /// Whether a connection from there begins with a PROXY header.
    func isProxy(_ address: ClientAddress) -> Bool { state.withLock { $0.table.rules }.isProxy(address) }

    /// Counts a connection until it is closed. For one that has no room, another that waits is told to make some.
    /// - Returns: nil if there is no room for it; then it is not counted.
    func admit(_ channel: any Channel, from address: ClientAddress) -> ConnectionSeat? {
        let seat = ConnectionSeat(channel)
        let admission = state.withLock { state -> ConnectionTable.Admission? in
            state.isEnding ? nil : state.table.admit(seat, from: address)
        }
        guard let admission, follow(admission, address) else { return nil }
        let identity = seat.identity
        channel.closeFuture.whenComplete { _ in self.remove(identity) }
        return seat
    }

    /// A proxy has told for whom it has opened a connection.
    /// - Returns: false if that address has no room for it: it is to be closed.
    func move(_ seat: ConnectionSeat, to address: ClientAddress) -> Bool {
        follow(state.withLock { $0.table.move(seat.identity, to: address) }, address)
    }

    /// A connection that was told to make room has begun to answer, and stays.
    func stay(_ seat: ConnectionSeat) {
        state.withLock { $0.table.stay(seat.identity) }
    }

    /// The system has no room for one more connection: the one that waits longest closes.
    func makeRoom() {
        tellToLeave(state.withLock { $0.table.makeRoom() })
    }

    private func follow(_ admission: ConnectionTable.Admission, _ address: ClientAddress) -> Bool {
        switch admission {
        case .admitted: return true
        case .replacing(let other, let kind):
            notices.happened(kind, ["address": "\(address.group)"])
            tellToLeave(other)
            return true
        case .refused(let kind):
            notices.happened(kind, ["address": "\(address.group)"])
            return false
        }
    }

    private func tellToLeave(_ seat: ConnectionSeat?) {
        seat?.channel.pipeline.fireUserInboundEventTriggered(ConnectionMakesRoom())
    }

    /// Makes idle connections close, and the others once their answers are sent. Waits for the connections that are
    /// open now, not for later ones. After `limit` it cuts all that are open.
    func drain(within limit: Duration) async {
        quiesce(state.withLock { $0.table.seats })
        await close(within: limit)
    }

    /// Makes all connections close as `drain` does, and waits for them; admits no more. To be called when the listeners
    /// are closed: a connection that they have accepted may still be on its way to its event loop. The time is that of
    /// `drain`, if it was called before.
    func end(within limit: Duration) async {
        let open = state.withLock { state in
            state.isEnding = true
            return state.table.seats
        }
        quiesce(open)
        await close(within: limit)
    }

    private func close(within limit: Duration) async {
        let end = state.withLock { state in
            let end = state.end ?? .now.advanced(by: limit)
            state.end = end
            return end
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.allClosed() }
            group.addTask { try? await Task.sleep(until: end, clock: .continuous) }
            await group.next()
            group.cancelAll()
        }
    }

    private func quiesce(_ seats: [ConnectionSeat]) {
        for seat in seats { seat.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    /// Waits until the connections that are open now are closed. If the task is cancelled, cuts all that are open.
    func allClosed() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.table.count == 0 { return true }
                    state.waiting.append(Waiting(connections: state.table.identities, continuation: continuation))
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let open = state.withLock { $0.table.seats }
            if !open.isEmpty {
                logger.warning("out of time: connections are cut", metadata: ["count": "\(open.count)"])
            }
            for seat in open {
                // A clean end would wait for a peer that reads nothing.
                seat.channel.pipeline.triggerUserOutboundEvent(TLSAbort(), promise: nil)
                seat.channel.close(promise: nil)
            }
        }
    }

    private func remove(_ identity: ObjectIdentifier) {
        let done = state.withLock { state in
            state.table.remove(identity)
            for index in state.waiting.indices { state.waiting[index].connections.remove(identity) }
            let done = state.waiting.filter(\.connections.isEmpty)
            state.waiting.removeAll(where: \.connections.isEmpty)
            return done
        }
        for waiting in done { waiting.continuation.resume() }
    }
}
