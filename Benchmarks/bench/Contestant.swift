/// Whoever takes a turn in each round: a program of ours, a peer, or a part of the floor.
struct Contestant: Sendable {
    /// One name, one contestant.
    let name: String
    /// Takes the turn.
    let run: @Sendable (Place) throws -> Sample

    init(_ name: String, _ run: @escaping @Sendable (Place) throws -> Sample) {
        self.name = name
        self.run = run
    }

    /// One of the numbers that a turn gives.
    subscript(quantity: Quantity) -> Figure { Figure(of: [name]) { $0[name]?[quantity] } }
}

/// What a turn came to.
typealias Sample = [Quantity: Double]

/// A round: what each contestant's turn came to, by its name.
typealias Turns = [String: Sample]

enum Quantity: Sendable {
    /// Of the program: seconds, seconds, MiB at its peak.
    case wall, cpu, memory
    /// CPU seconds for each GiB: the program's, the servers'.
    case cpuPerGiB, serverCPUPerGiB
    /// Connections a second, and the server's CPU milliseconds for each.
    case connections, cpuPerConnection
    /// KiB that each idle connection takes at the server.
    case idle
    /// MiB or requests a second, the server's CPU microseconds for each request, and the mean reader's share beside the
    /// slowest's.
    case rate, cpuPerRequest, unfairness
    /// The floor's parts, CPU seconds for each GiB.
    case sha256, gcm, socket, file, directFile
    /// Microseconds.
    case decision, event
}

/// A number made of what one or several contestants came to.
struct Figure: Sendable {
    let contestants: Set<String>
    /// nil if one of them took no turn.
    let value: @Sendable (Turns) -> Double?

    init(of contestants: Set<String>, _ value: @escaping @Sendable (Turns) -> Double?) {
        self.contestants = contestants
        self.value = value
    }

    static func sum(_ figures: Figure...) -> Figure { combined(figures) { $0.reduce(0, +) } }
    static func least(_ figures: Figure...) -> Figure { combined(figures) { $0.min() } }

    private static func combined(_ figures: [Figure], _ combine: @escaping @Sendable ([Double]) -> Double?) -> Figure {
        Figure(of: figures.reduce(into: []) { $0.formUnion($1.contestants) }) { turns in
            let values = figures.compactMap { $0.value(turns) }
            return values.count == figures.count ? combine(values) : nil
        }
    }
}
