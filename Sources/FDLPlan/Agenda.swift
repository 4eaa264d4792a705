/// What one event leads to: its time, what has to be looked at because of it, and the actions to return.
struct Agenda: Sendable {
    typealias Action = DownloadPlan.Action

    /// What may have changed, so that there may be something to do.
    struct Concerns: OptionSet, Sendable {
        let rawValue: UInt8

        /// Memory has been released.
        static let memory = Concerns(rawValue: 1)
        /// Chunks have become pending, or a source may be asked for chunks again.
        static let work = Concerns(rawValue: 2)
        /// A further connection may be wanted.
        static let connections = Concerns(rawValue: 4)
        /// A connection has no request outstanding and finds no pending chunk to ask for.
        static let idle = Concerns(rawValue: 8)

        static let all: Concerns = [.memory, .work, .connections, .idle]
    }

    /// The time of the event, in seconds; minus infinity before the first event.
    private(set) var now = -Double.infinity
    /// How often connections have been fed.
    private(set) var feedings = 0
    /// When the first event came, in seconds.
    private(set) var startedAt: Double?
    /// Whether the last action, `.finished` or `.failed`, has been given.
    private(set) var isOver = false
    private(set) var concerns: Concerns = []
    private(set) var actions: [Action] = []
    // When the tick that was asked for is due, in seconds.
    private var nextWake = Double.infinity

    /// Sets the time of an event. Time never goes back.
    mutating func advance(to instant: DownloadPlan.Instant) {
        let (seconds, attoseconds) = instant.components
        now = max(now, Double(seconds) + Double(attoseconds) * 1e-18)
        if startedAt == nil { startedAt = now }
    }

    mutating func add(_ concern: Concerns) { concerns.formUnion(concern) }

    /// Removes what has been looked at.
    mutating func clear(_ concern: Concerns) { concerns.subtract(concern) }

    /// Begins to feed connections: each one is fed once until the next time.
    mutating func beginFeeding() { feedings += 1 }

    mutating func act(_ action: Action) { actions.append(action) }

    /// Adds the last action.
    mutating func end(_ action: Action) {
        isOver = true
        act(action)
    }

    /// Removes and returns the actions, in order.
    mutating func takeActions() -> [Action] {
        let taken = actions
        actions = []
        return taken
    }

    /// Asks for a tick at `time` (in seconds), unless an earlier one is due.
    mutating func wake(at time: Double) {
        guard time < nextWake else { return }
        nextWake = time
        // Rounded up to a whole millisecond after both `time` and now, so that a tick never comes too early and ticks
        // never repeat at the same instant.
        act(.wake(at: .milliseconds(Int64(max(time, now) * 1000) + 1)))
    }

    /// Notes that the tick has come: the next one has to be asked for.
    mutating func woken() { nextWake = .infinity }
}
