import NIOCore

/// How long a connection may take for what it is doing. A value that is told the time, so that a test needs no waiting.
struct ConnectionDeadlines {
    enum Phase: Equatable {
        case handshake
        /// No request has begun.
        case idle
        /// A request has begun and is not complete.
        case header
        /// An answer is on its way.
        case answering
        /// The last answer is sent; the peer is to close.
        case closing
    }

    private let limits: WorkerLimits
    private(set) var phase: Phase
    private(set) var deadline: NIODeadline
    /// Where the connections in each phase are counted: this one from `begin` to `end`.
    private let tally: PhaseTally?

    init(limits: WorkerLimits, now: NIODeadline, tally: PhaseTally? = nil) {
        self.limits = limits
        self.tally = tally
        self.phase = .handshake
        self.deadline = now + limits.handshake
    }

    /// Sets the deadline of a phase that begins. `.answering` is entered again, with a new deadline, each time the peer
    /// takes some of the answer. `.header` keeps its deadline: a slow request gets no more time by sending more.
    mutating func enter(_ phase: Phase, now: NIODeadline) {
        if phase == .header, self.phase == .header { return }
        tally?.move(from: self.phase, to: phase)
        self.phase = phase
        deadline = now + time(for: phase)
    }

    /// To be called once, when there is a connection.
    func begin() { tally?.move(from: nil, to: phase) }

    /// To be called once, when the connection is gone.
    func end() { tally?.move(from: phase, to: nil) }

    private func time(for phase: Phase) -> TimeAmount {
        switch phase {
        case .handshake: limits.handshake
        case .idle: limits.idle
        case .header: limits.header
        case .answering: limits.stalledAnswer
        case .closing: .seconds(3)
        }
    }
}
