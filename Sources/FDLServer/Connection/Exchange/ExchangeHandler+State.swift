// Where a connection's handler stands.
extension ExchangeHandler {
    enum State {
        /// Between answers.
        case ready
        /// Another thread looks for what is asked for.
        case looking
        /// Another thread compresses what is to be sent.
        case compressing(CompressionDesk.Queue.Ticket)
        /// Another thread reads the next piece.
        case reading(OutgoingAnswer)
        case sending(OutgoingAnswer)
        /// The last answer is out; the peer is to close.
        case closing
        case closed

        /// The answer that is not sent as a whole yet.
        var unfinished: OutgoingAnswer? {
            switch self {
            case .reading(let answer), .sending(let answer): answer
            case .ready, .looking, .compressing, .closing, .closed: nil
            }
        }

        var takesRequests: Bool {
            switch self {
            case .ready, .looking, .compressing, .reading, .sending: true
            case .closing, .closed: false
            }
        }
    }

    enum Turn {
        case free
        /// `advance` is running. A call to it from within does nothing: its loop sees what has changed.
        case running
        /// The loop's other connections have their turn before this one goes on.
        case yielded
    }
}
