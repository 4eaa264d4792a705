import Synchronization

/// How many connections are in each phase. Counted on all event loops at once.
final class PhaseTally: Sendable {
    private let handshake = Atomic(0)
    private let idle = Atomic(0)
    private let header = Atomic(0)
    private let answering = Atomic(0)
    private let closing = Atomic(0)

    func move(from old: ConnectionDeadlines.Phase?, to new: ConnectionDeadlines.Phase?) {
        guard old != new else { return }
        if let old { add(-1, to: old) }
        if let new { add(1, to: new) }
    }

    private func add(_ count: Int, to phase: ConnectionDeadlines.Phase) {
        switch phase {
        case .handshake: handshake.wrappingAdd(count, ordering: .relaxed)
        case .idle: idle.wrappingAdd(count, ordering: .relaxed)
        case .header: header.wrappingAdd(count, ordering: .relaxed)
        case .answering: answering.wrappingAdd(count, ordering: .relaxed)
        case .closing: closing.wrappingAdd(count, ordering: .relaxed)
        }
    }

    var counts: [(phase: String, count: Int)] {
        [
            ("handshake", handshake.load(ordering: .relaxed)), ("idle", idle.load(ordering: .relaxed)),
            ("header", header.load(ordering: .relaxed)), ("answering", answering.load(ordering: .relaxed)),
            ("closing", closing.load(ordering: .relaxed)),
        ]
    }
}
