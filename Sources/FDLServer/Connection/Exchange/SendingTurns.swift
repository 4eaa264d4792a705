import NIOCore

/// The connections of one event loop that have sent their share and have more to send, the first to come first. Confined
/// to that loop.
///
/// What a loop gives itself to do by `execute` comes before its sockets, however often: peers that read as fast as they
/// are sent to would leave those of all other connections unseen.
final class SendingTurns {
    /// The loop looks at its sockets again at the latest after this, and one turn.
    private static let longest = TimeAmount.milliseconds(1)

    private let pause: TimeAmount
    private var waiting = CircularBuffer<() -> Void>()
    private var isScheduled = false

    /// - Parameter pause: after this the loop has looked at its sockets.
    init(pause: TimeAmount = .microseconds(10)) { self.pause = pause }

    /// Runs `step` when it is its turn.
    func take(on eventLoop: any EventLoop, _ step: @escaping () -> Void) {
        waiting.append(step)
        if !isScheduled { schedule(on: eventLoop) }
    }

    private func schedule(on eventLoop: any EventLoop) {
        isScheduled = true
        eventLoop.assumeIsolated().scheduleTask(in: pause) {
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
