/// What one event leads to: the time it came, what it has made worth looking at, and the actions to answer it with.
struct Agenda: Sendable {
    typealias Action = DownloadPlan.Action

    /// What may have changed, so that looking at it may find something to do.
    struct Concerns: OptionSet, Sendable {
        let rawValue: UInt8

        /// Memory has come free.
        static let memory = Concerns(rawValue: 1)
        /// Chunks have become pending, or may be asked of a source that might not be asked before.
        static let work = Concerns(rawValue: 2)
        /// Connections may be wanted.
        static let connections = Concerns(rawValue: 4)
        /// A connection has nothing to do and finds nothing.
        static let idle = Concerns(rawValue: 8)

        static let all: Concerns = [.memory, .work, .connections, .idle]
    }

    /// In seconds. Before the first event, the beginning of all time.
    private(set) var now = -Double.infinity
    /// The last action is given.
    private(set) var isOver = false
    private(set) var concerns: Concerns = []
    private(set) var actions: [Action] = []
    // When the tick that has been asked for is due.
    private var nextWake = Double.infinity

    /// Something happens. Time does not go back.
    mutating func advance(to instant: DownloadPlan.Instant) {
        let (seconds, attoseconds) = instant.components
        now = max(now, Double(seconds) + Double(attoseconds) * 1e-18)
    }

    mutating func add(_ concern: Concerns) { concerns.formUnion(concern) }

    /// It has been looked at.
    mutating func clear(_ concern: Concerns) { concerns.subtract(concern) }

    mutating func act(_ action: Action) { actions.append(action) }

    /// Gives the last action.
    mutating func end(_ action: Action) {
        isOver = true
        act(action)
    }

    /// The actions since they were last taken, in order.
    mutating func takeActions() -> [Action] {
        let taken = actions
        actions = []
        return taken
    }

    /// Asks for a tick at `time`, unless one comes before.
    mutating func wake(at time: Double) {
        guard time < nextWake else { return }
        nextWake = time
        // The next whole millisecond after `time` and after now: a tick never comes too early, and time moves on.
        act(.wake(at: .milliseconds(Int64(max(time, now) * 1000) + 1)))
    }

    /// The tick has come: the next one has to be asked for.
    mutating func woken() { nextWake = .infinity }
}
