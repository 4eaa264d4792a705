import FDLCommand
import FDLCore

/// A run as a file: a JSON object, one line a row.
struct ResultFile: Equatable, Sendable {
    private static let format = "fdl-bench-v1"

    let conditions: Conditions
    let findings: [Finding]

    // MARK: - Writing

    var text: String {
        let conditions: JSONValue = [
            "cores": .number(conditions.cores), "load": Self.number(conditions.load),
            "size": .number(Int(conditions.bytes)), "rounds": .number(conditions.rounds),
            "kernel": .text(conditions.kernel),
        ]
        let rows = findings.map { Self.row($0).description }.joined(separator: ",\n")
        return """
            {"format":"\(Self.format)","conditions":\(conditions),"rows":[
            \(rows)
            ]}

            """
    }

    /// All but `ours` and `peer` in `rounds` follows from these, or is for people.
    private static func row(_ finding: Finding) -> JSONValue {
        let rounds: [(String, JSONValue)] =
            [("ours", list(finding.ours))] + (finding.peer.map { [("peer", list($0))] } ?? [])
        return [
            "name": .text(finding.id), "title": .text(finding.title), "unit": .text(finding.unit.rawValue),
            "better": .text(finding.better.rawValue), "ours": number(finding.ours.median),
            "peer": finding.peer.map { number($0.median) } ?? .null, "ratio": finding.ratio.map(number) ?? .null,
            "paired": finding.paired.map { number($0.median) } ?? .null,
            "reach": finding.reach.isEmpty ? .null : .text(finding.reachText),
            "verdict": finding.verdict.map { .text($0) } ?? .null, "rounds": .object(rounds),
        ]
    }

    private static func list(_ series: Series) -> JSONValue { .list(series.rounds.map(number)) }
    private static func number(_ value: Double) -> JSONValue { .decimal("\(value)") }

    // MARK: - Reading

    init(conditions: Conditions, findings: [Finding]) {
        self.conditions = conditions
        self.findings = findings
    }

    /// - Parameter bytes: what `text` was. The reaches are not read: it is this run's that count.
    init(parsing bytes: [UInt8], name: String) throws(Trouble) {
        let read = bytes.withUnsafeBytes { bytes in Result { () throws(ManifestError) in try Draft(bytes) } }
        guard let draft = try? read.get(), draft.format == Self.format, !draft.findings.isEmpty else {
            throw Trouble(
                .data,
                "\(name) is no result of tools/bench",
                hint: "name a file that tools/bench --json has written"
            )
        }
        self.init(conditions: draft.conditions, findings: draft.findings)
    }
}

/// What was read so far.
private struct Draft {
    var format = ""
    var conditions = Conditions(cores: 0, load: 0, bytes: 0, rounds: 0, kernel: "")
    var findings: [Finding] = []

    init(_ bytes: UnsafeRawBufferPointer) throws(ManifestError) {
        var reader = JSONReader(bytes)
        reader.skipWhitespace()
        try reader.object("the result") { (name, reader) throws(ManifestError) in
            switch name {
            case "format": format = try reader.string(name)
            case "conditions": try readConditions(&reader)
            case "rows":
                try reader.array(name) { (reader) throws(ManifestError) in
                    if let finding = try Self.finding(&reader) { findings.append(finding) }
                }
            default: try reader.skipValue()
            }
        }
        try reader.end()
    }

    private mutating func readConditions(_ reader: inout JSONReader) throws(ManifestError) {
        var conditions = conditions
        try reader.object("conditions") { (name, reader) throws(ManifestError) in
            switch name {
            case "cores": conditions.cores = Int(clamping: try reader.integer(name) ?? 0)
            case "load": conditions.load = try reader.decimal(name)
            case "size": conditions.bytes = try reader.integer(name) ?? 0
            case "rounds": conditions.rounds = Int(clamping: try reader.integer(name) ?? 0)
            case "kernel": conditions.kernel = try reader.string(name)
            default: try reader.skipValue()
            }
        }
        self.conditions = conditions
    }

    /// - Returns: nil for a row of another kind than ours.
    private static func finding(_ reader: inout JSONReader) throws(ManifestError) -> Finding? {
        var (id, title, unit, better) = ("", "", Unit?.none, Better?.none)
        var (ours, peer) = ([Double](), [Double]())
        try reader.object("rows") { (name, reader) throws(ManifestError) in
            switch name {
            case "name": id = try reader.string(name)
            case "title": title = try reader.string(name)
            case "unit": unit = Unit(rawValue: try reader.string(name))
            case "better": better = Better(rawValue: try reader.string(name))
            case "rounds":
                try reader.object(name) { (name, reader) throws(ManifestError) in
                    var numbers: [Double] = []
                    try reader.array(name) { (reader) throws(ManifestError) in numbers.append(try reader.decimal(name))
                    }
                    if name == "ours" { ours = numbers } else if name == "peer" { peer = numbers }
                }
            default: try reader.skipValue()
            }
        }
        guard let unit, let better, let series = Series(ours) else { return nil }
        return Finding(
            id: id,
            title: title,
            unit: unit,
            better: better,
            ours: series,
            peer: Series(peer),
            reach: []
        )
    }
}
