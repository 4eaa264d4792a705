import Logging
import NIOCore
import Synchronization

/// The open connections of all listeners.
final class Connections: Sendable {
    private struct State {
        var open: [ObjectIdentifier: any Channel] = [:]
        var waiting: [Waiting] = []
        var isEnding = false
    }

    private struct Waiting {
        var connections: Set<ObjectIdentifier>
        let continuation: CheckedContinuation<Void, Never>
    }

    private let limit: Int
    private let logger: Logger
    private let state = Mutex(State())

    init(limit: Int, logger: Logger) {
        self.limit = limit
        self.logger = logger
    }

    /// Counts a connection until it is closed.
    /// - Returns: false if there is no room for it; then it is not counted.
    func admit(_ channel: any Channel) -> Bool {
        let identity = ObjectIdentifier(channel)
        let isAdmitted = state.withLock { state in
            guard state.open.count < limit, !state.isEnding else { return false }
            state.open[identity] = channel
            return true
        }
        if isAdmitted { channel.closeFuture.whenComplete { _ in self.remove(identity) } }
        return isAdmitted
    }

    /// Makes idle connections close, and the others once their answers are sent. Waits for the connections that are
    /// open now, not for later ones. After `limit` it closes all that are open.
    func drain(within limit: Duration) async {
        quiesce(state.withLock { Array($0.open.values) })
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.allClosed() }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Makes all connections close as `drain` does, and waits for them; admits no more. To be called when the listeners
    /// are closed: a connection that they have accepted may still be on its way to its event loop.
    func end() async {
        let open = state.withLock { state in
            state.isEnding = true
            return Array(state.open.values)
        }
        quiesce(open)
        await allClosed()
    }

    private func quiesce(_ channels: [any Channel]) {
        for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    /// Waits until the connections that are open now are closed. If the task is cancelled, closes all that are open.
    func allClosed() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.open.isEmpty { return true }
                    state.waiting.append(Waiting(connections: Set(state.open.keys), continuation: continuation))
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let open = state.withLock { Array($0.open.values) }
            if !open.isEmpty {
                logger.warning("out of time: connections are cut", metadata: ["count": "\(open.count)"])
            }
            for channel in open { channel.close(promise: nil) }
        }
    }

    private func remove(_ identity: ObjectIdentifier) {
        let done = state.withLock { state in
            state.open[identity] = nil
            for index in state.waiting.indices { state.waiting[index].connections.remove(identity) }
            let done = state.waiting.filter(\.connections.isEmpty)
            state.waiting.removeAll(where: \.connections.isEmpty)
            return done
        }
        for waiting in done { waiting.continuation.resume() }
    }
}
