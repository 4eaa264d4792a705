import NIOCore
import Synchronization

/// The open connections of all listeners.
final class Connections: Sendable {
    private struct State {
        var open: [ObjectIdentifier: any Channel] = [:]
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// - Returns: whether there is room for the connection; then it counts until it is closed.
    func admit(_ channel: any Channel) -> Bool {
        let identity = ObjectIdentifier(channel)
        let isAdmitted = state.withLock { state in
            guard state.open.count < limit else { return false }
            state.open[identity] = channel
            return true
        }
        if isAdmitted { channel.closeFuture.whenComplete { _ in self.remove(identity) } }
        return isAdmitted
    }

    /// Waits until none is open. Where the task is cancelled, closes those that are.
    func allClosed() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    if state.open.isEmpty { return true }
                    state.waiting.append(continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let open = state.withLock { Array($0.open.values) }
            for channel in open { channel.close(promise: nil) }
        }
    }

    private func remove(_ identity: ObjectIdentifier) {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.open[identity] = nil
            guard state.open.isEmpty else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
