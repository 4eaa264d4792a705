import FDLCore
import Synchronization

/// What all connections to one source know of where it leads.
final class Signposts: Sendable {
    /// Where a request for a file of a mirror goes.
    enum Direction {
        case target(TargetURL)
        case source
        /// To the source: how it answers will tell the others, by `settle`.
        case unknown
        /// Nowhere until another request for the same file has been answered.
        case wait
    }

    /// How a source has answered.
    enum Finding {
        case source, elsewhere
    }

    private struct State {
        /// By file of a mirror: where its requests go instead.
        var files: [Int: TargetURL] = [:]
        /// What the source does as a rule; nil before its first answer.
        var habit: Finding?
        /// The files that it is being asked for.
        var asked: Set<Int> = []
        var waiting: [@Sendable () -> Void] = []
        var told: Set<Origin> = []
    }

    /// Of a source that leads to more origins than these, the others are not told.
    private static let mostTold = 16

    private let state = Mutex(State())

    /// Where a request for a file goes. Only a source that has led elsewhere, or has not answered yet, makes others wait:
    /// of one that has files itself, each is asked for at once.
    /// - Parameter wake: called where the direction is `.wait`, once it is worth looking again.
    func look(_ file: Int, wake: @escaping @Sendable () -> Void) -> Direction {
        state.withLock { state in
            if let target = state.files[file] { return .target(target) }
            if state.habit == .source { return .source }
            guard state.asked.insert(file).inserted else {
                state.waiting.append(wake)
                return .wait
            }
            return .unknown
        }
    }

    /// A request whose direction was `.unknown` has been answered.
    /// - Parameter finding: nil if it came to nothing.
    func settle(_ file: Int, _ finding: Finding?) {
        let waiting = state.withLock { state in
            state.asked.remove(file)
            if state.habit != .elsewhere { state.habit = finding ?? state.habit }
            defer { state.waiting = [] }
            return state.waiting
        }
        for wake in waiting { wake() }
    }

    func remember(_ target: TargetURL, forFile file: Int) {
        state.withLock { $0.files[file] = target }
    }

    /// - Parameter target: what turned out to be of no use. If another is known by now, that stays.
    func forget(_ target: TargetURL, ofFile file: Int) {
        state.withLock { state in
            if state.files[file] == target { state.files[file] = nil }
        }
    }

    /// - Returns: whether it is to be told now that the source leads to an origin.
    func tells(_ origin: Origin) -> Bool {
        state.withLock { state in
            state.told.count < Self.mostTold && state.told.insert(origin).inserted
        }
    }
}
