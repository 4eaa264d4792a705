import FDLTLS
import NIOCore

/// The connections of one event loop that have sent their share and have more to send, the first to come first. Confined
/// to that loop.
///
/// Peers that read as fast as they are sent to would otherwise leave the sockets of all other connections unseen.
final class SendingTurns {
    /// The loop looks at its sockets again at the latest after this, and one turn.
    private static let longest = TimeAmount.milliseconds(1)

    let nextPoll = NextPoll()
    private var waiting = CircularBuffer<() -> Void>()
    private var isScheduled = false

    /// Runs `step` when it is its turn.
    func take(on eventLoop: any EventLoop, _ step: @escaping () -> Void) {
        waiting.append(step)
        if !isScheduled { schedule(on: eventLoop) }
    }

    private func schedule(on eventLoop: any EventLoop) {
        isScheduled = true
        nextPoll.run(on: eventLoop) {
            let end = NIODeadline.now() + Self.longest
            // Those that come to wait meanwhile have had a turn.
            for _ in 0..<self.waiting.count {
                self.waiting.popFirst()?()
                if NIODeadline.now() >= end { break }
            }
            self.isScheduled = false
            if !self.waiting.isEmpty { self.schedule(on: eventLoop) }
        }
    }
}
