import ArgumentParser
import FDLCommand
import FDLCore
import FDLSystem
import Glibc

/// Every speed that matters, measured against the tool it stands beside, in one run.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures the programs beside their peers, and prints a table.",
        discussion: """
            Starts four nginx servers and four workers on this machine. Nothing in it is a pass or a failure.
            docs/measuring.md says how to read it. Run it by tools/bench, which installs and builds what it needs.
            """
    )

    @Flag(help: "A smaller file and fewer rows: about two minutes; full: 1 GiB, up to twenty minutes.")
    var quick = false

    @Option(
        help: ArgumentHelp(
            "Only these rows, of: \(Self.rowNames.joined(separator: " ")).",
            valueName: "a,b"
        )
    )
    var rows: String?

    @Option(help: ArgumentHelp("Take turns n times.", valueName: "n"))
    var rounds = Settings.standard.rounds

    @Option(help: ArgumentHelp("The size of the large file: 1GiB unless told, 256MiB with --quick.", valueName: "size"))
    var size: ByteCount?

    @Option(help: ArgumentHelp("Write the result there, as JSON.", valueName: "file"))
    var json: String?

    @Option(
        help: ArgumentHelp(
            "Compare with the result of an earlier run, and end with 1 where a row is worse by more than the noise.",
            valueName: "old.json"
        )
    )
    var compare: String?

    @Option(help: ArgumentHelp("Use the programs in this directory (measure too).", valueName: "dir"))
    var bin: String

    @Flag(help: "Leave the working directory, and say where it is.")
    var keep = false

    /// Where make-certs is.
    @Option(help: .hidden)
    var tools: String

    static var rowNames: [String] {
        Theme.all(.standard).flatMap(\.rows).filter { $0.part == nil }.map(\.name)
    }

    static func main() {
        Leftovers.watch()
        do {
            var bench = try parseAsRoot()
            try bench.run()
            Leftovers.clear()
        } catch {
            Leftovers.clear()
            guard let trouble = trouble(error) else { exit(withError: error) }
            StandardStream.error.write(trouble.description)
            Glibc.exit(trouble.code.rawValue)
        }
    }

    /// - Returns: nil for what is none: help, and that something is worse.
    private static func trouble(_ error: any Error) -> Trouble? {
        switch error {
        case let trouble as Trouble: trouble
        case let error as SystemError: Trouble(.localIO, error.description, hint: error.failure.hint ?? "")
        case is ArgumentParser.ExitCode: nil
        case _ where exitCode(for: error).isSuccess: nil
        case _ where exitCode(for: error) == .validationFailure:
            Trouble(.usage, message(for: error), hint: "see tools/bench --help")
        default: Trouble(.software, "\(error)", hint: "see the working directory with --keep")
        }
    }

    mutating func validate() throws {
        _ = try chosenRows()
        guard rounds > 0 else { throw ValidationError("'\(rounds)' is not a number of rounds: write it like 5") }
        guard settings.mebibytes >= 16 else {
            throw ValidationError("\(Settings.text(settings.bytes)) is too small to measure: take 16MiB or more")
        }
    }

    private var settings: Settings {
        // Whole megabytes, as the floor's parts are measured.
        let bytes = ((size?.bytes ?? (quick ? 256 << 20 : Settings.standard.bytes)) >> 20) << 20
        return Settings(bytes: bytes, rounds: rounds, isQuick: quick)
    }

    /// In the order they were asked for.
    private func chosenRows() throws -> [String] {
        guard let rows else {
            let themes = Theme.all(settings).filter { !quick || !$0.isSlow }
            return themes.flatMap(\.rows).filter { $0.part == nil }.map(\.name)
        }
        let chosen = rows.split { $0 == "," || $0 == " " }.map(String.init)
        for name in chosen where !Self.rowNames.contains(name) {
            throw ValidationError("there is no row '\(name)': they are \(Self.rowNames.joined(separator: " "))")
        }
        guard !chosen.isEmpty else { throw ValidationError("--rows names no row") }
        return chosen
    }

    mutating func run() throws {
        let earlier = try compare.map { path throws in
            try ResultFile(parsing: try WholeFile.read(path, limit: 1 << 24), name: path)
        }
        if let json, access(Directory.containing(json), W_OK) != 0 {
            throw SystemError(operation: .write, path: json, code: errno)
        }
        for program in ["fdl-sign", "fdl-secure-server", "fdl-secure", "measure"]
        where access("\(bin)/\(program)", X_OK) != 0 {
            throw Trouble(
                .configuration,
                "there is no \(bin)/\(program)",
                hint: "leave --bin out to build the programs"
            )
        }
        let conditions = Conditions(settings)
        var place = try Place(settings: settings, programs: bin)
        if keep {
            Leftovers.keepDirectory()
            Console.note("everything is left in \(place.root)")
        }
        Console.note("making data, \(Settings.text(settings.bytes))")
        try place.makeData(certificatesBy: "\(tools)/make-certs")
        try place.startServers()
        try place.makeMetalinks()

        Console.say("")
        for fact in Machine(place: place, conditions: conditions, repository: "\(tools)/..").facts() {
            Console.say(fact)
        }
        Console.say("\(Settings.text(settings.bytes)), \(rounds) rounds")
        let findings = try measured(in: place)
        Console.say("")
        for line in Table.lines(findings) { Console.say(line) }

        let result = ResultFile(conditions: conditions, findings: findings)
        if let json { try WholeFile.replace(json, with: Array(result.text.utf8), mode: 0o644) }
        if let earlier { try compare(result, with: earlier) }
    }

    /// In the order the rows were asked for; those of a theme are measured together.
    private func measured(in place: Place) throws -> [Finding] {
        let names = try chosenRows()
        var findings: [String: [Finding]] = [:]
        let themes = Theme.all(settings)
        for name in names where findings[name] == nil {
            guard let theme = themes.first(where: { $0.rows.contains { $0.name == name } }) else { continue }
            Console.note("measuring: \(theme.name)")
            let rows = theme.rows.filter { names.contains($0.name) }
            let measured = try theme.measure(rows, in: place, rounds: rounds)
            for (row, finding) in zip(rows, measured) { findings[row.name, default: []].append(finding) }
        }
        return names.flatMap { findings[$0] ?? [] }
    }

    private func compare(_ result: ResultFile, with earlier: ResultFile) throws {
        let comparison = Comparison(earlier.findings, result.findings)
        Console.say("")
        for difference in result.conditions.differences(from: earlier.conditions) {
            Console.say("other conditions: \(difference)")
        }
        for line in Table.lines(comparison) { Console.say(line) }
        if comparison.isWorse { throw ArgumentParser.ExitCode(1) }
    }
}
