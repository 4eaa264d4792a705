import FDLPlan
import NIOCore
import Synchronization

/// The events on their way to the engine. Whatever comes while some are waiting is taken with them: its loop is woken
/// once for all of it.
final class EventInbox: Sendable {
    private let waiting = Mutex<[DownloadPlan.Event]>([])
    private let loop: any EventLoop
    private let take: @Sendable ([DownloadPlan.Event]) -> Void

    /// - Parameter take: called on `loop` with the events, in the order in which they came.
    init(on loop: any EventLoop, take: @escaping @Sendable ([DownloadPlan.Event]) -> Void) {
        self.loop = loop
        self.take = take
    }

    /// May be called on any thread.
    func post(_ events: [DownloadPlan.Event]) {
        let isFirst = waiting.withLock { waiting in
            defer { waiting += events }
            return waiting.isEmpty
        }
        guard isFirst, !events.isEmpty else { return }
        loop.execute { [self] in
            take(
                waiting.withLock { waiting in
                    defer { waiting = [] }
                    return waiting
                }
            )
        }
    }
}
