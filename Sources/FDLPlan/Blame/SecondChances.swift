/// The chunks that a source has sent wrong once and may be asked for once more, past the caches on the way. There is
/// never a third time.
struct SecondChances: Sendable {
    struct Chance: Sendable, Hashable {
        let chunk: Int
        let source: Int
    }

    private enum State {
        /// Other sources are asked first.
        case waiting
        /// The source may be asked.
        case open
    }

    // Few: a source that has sent two different chunks wrong has lost them or is put aside.
    private var states: [Chance: State] = [:]

    var isEmpty: Bool { states.isEmpty }

    /// Those that wait for other sources, in no order that matters.
    var waiting: [Chance] { states.filter { $0.value == .waiting }.map(\.key) }

    /// Whether `source` may be asked for `chunk`, and has to be asked past the caches.
    func isOpen(_ chunk: Int, of source: Int) -> Bool {
        !states.isEmpty && states[Chance(chunk: chunk, source: source)] == .open
    }

    func contains(_ chunk: Int, of source: Int) -> Bool { states[Chance(chunk: chunk, source: source)] != nil }

    /// The lowest chunk that `source` may be asked for and that fulfils a condition.
    func first(of source: Int, where isWanted: (Int) -> Bool) -> Int? {
        guard !states.isEmpty else { return nil }
        return states.filter { $0.key.source == source && $0.value == .open && isWanted($0.key.chunk) }
            .map(\.key.chunk).min()
    }

    /// Grants a chance that waits for other sources.
    mutating func add(_ chunk: Int, of source: Int) { states[Chance(chunk: chunk, source: source)] = .waiting }

    mutating func open(_ chance: Chance) { states[chance] = .open }

    /// The chance is used up.
    mutating func remove(_ chunk: Int, of source: Int) { states[Chance(chunk: chunk, source: source)] = nil }

    /// The chunk is there.
    mutating func remove(chunk: Int) {
        guard !states.isEmpty else { return }
        states = states.filter { $0.key.chunk != chunk }
    }

    /// The source is put aside.
    mutating func remove(source: Int) { states = states.filter { $0.key.source != source } }
}
