/// Contestants that take turns, and the rows made of what they come to.
struct Theme: Sendable {
    /// What becomes of the outputs of a turn.
    enum Outputs: Sendable {
        case removed
        /// They are only moved out of the way until the theme is over. Without a journal ext4 does not give out the
        /// inode of a file removed in the last minute: with thousands of those it would be its search for another that
        /// is measured.
        case setAside
    }

    let name: String
    /// In the order of their turns.
    let contestants: [Contestant]
    let rows: [Row]
    /// How often they take turns, of the rounds that were asked for.
    var rounds: @Sendable (Int) -> Int = { $0 }
    var outputs = Outputs.removed
    /// Left out with `--quick`, unless asked for by name.
    var isSlow = false
    /// Makes what the contestants need, and what is to be gone afterwards.
    /// - Returns: paths.
    var prepare: @Sendable (Place) throws -> [String] = { _ in [] }
}

extension Theme {
    /// All there is to measure, in the table's order.
    static func all(_ settings: Settings) -> [Theme] {
        [
            downloads, files, hashing, publishing, memory(settings), chunkSizes(settings), idle, slow, handshakes,
            keepAlive, readers, cold, smallFile, folder, manyFiles, tinyFiles, manifest, plan,
        ]
    }

    /// Lets the contestants of `rows` take turns (A B A B …): what disturbs the machine disturbs them alike.
    func measure(_ rows: [Row], in place: Place, rounds: Int) throws -> [Finding] {
        let needed = rows.reduce(into: Set()) { $0.formUnion($1.contestants) }
        let contestants = contestants.filter { needed.contains($0.name) }
        let made = try prepare(place)
        var measured: [Turns] = []
        // The first round warms up and is not counted.
        for round in 0...self.rounds(rounds) {
            var turns: Turns = [:]
            for contestant in contestants {
                do {
                    turns[contestant.name] = try contestant.run(place)
                } catch let trouble as Trouble {
                    let message = "\(trouble.message), measuring \(contestant.name)"
                    throw Trouble(trouble.code, message, hint: trouble.hint)
                }
                switch outputs {
                case .removed: try place.removeOutputs()
                case .setAside: try place.setOutputsAside()
                }
            }
            if round > 0 { measured.append(turns) }
        }
        try place.remove(made + [place.kept])
        return try rows.map { try $0.finding(measured) }
    }
}
