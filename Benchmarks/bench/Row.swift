/// One line of the table: a figure of ours beside a peer's, and what is to be reached.
struct Row: Sendable {
    /// What `--rows` calls it. Lines that say more about a row have its name too, with a part.
    let name: String
    /// Which of the lines that say more; nil for the row itself.
    let part: String?
    let title: String
    let unit: Unit
    let better: Better
    let ours: Figure
    let peer: Figure?
    /// All of it is to be reached; nothing of a row that only informs.
    let reach: [Reach]

    init(
        _ name: String,
        part: String? = nil,
        title: String,
        unit: Unit,
        ours: Figure,
        peer: Figure? = nil,
        better: Better = .less,
        reach: Reach...
    ) {
        self.name = name
        self.part = part
        self.title = title
        self.unit = unit
        self.better = better
        self.ours = ours
        self.peer = peer
        self.reach = reach
    }

    /// Unlike any other line's.
    var id: String { part.map { "\(name)/\($0)" } ?? name }

    /// Those whose turns it is made of.
    var contestants: Set<String> { ours.contestants.union(peer?.contestants ?? []) }

    /// What the turns came to, a round after the other.
    func finding(_ rounds: [Turns]) throws -> Finding {
        guard let ours = Series(rounds.compactMap(ours.value)), ours.rounds.count == rounds.count else {
            throw Trouble(.software, "the row \(id) has no figures", hint: "see the working directory with --keep")
        }
        return Finding(
            id: id,
            title: title,
            unit: unit,
            better: better,
            ours: ours,
            peer: peer.flatMap { Series(rounds.compactMap($0.value)) },
            reach: reach
        )
    }
}

enum Unit: String, Sendable {
    case seconds = "s"
    case milliseconds = "ms"
    case microseconds = "µs"
    case mebibytes = "MiB"
    case kibibytes = "KiB"
    case perSecond = "/s"
    case times = "×"
}

/// Which way is forward.
enum Better: String, Sendable {
    case less, more
    /// It tells about the machine, not about us.
    case neither
}
