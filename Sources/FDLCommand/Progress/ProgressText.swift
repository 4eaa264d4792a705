/// Progress as lines of text for a terminal of a certain size, or as one line for a log.
struct ProgressText: Sendable, Equatable {
    /// In columns. No line is as wide as that: in the last column a terminal may go on to the next line.
    var width: Int
    /// In lines, of which progress takes all but one at most.
    var height: Int
    /// Whether faults are coloured.
    var isColoured = false

    /// The line for the whole, and then one a source.
    func lines(_ progress: Progress) -> [String] {
        let room = max(0, min(progress.sources.count, height - 2))
        let hidden = progress.sources.count - room
        // The last line may have to say how many sources there is no room for.
        let shown = hidden > 0 ? max(0, room - 1) : room
        let shares = Shares.percents(progress.sources.map(\.bytes))
        let names = names(progress.sources.prefix(shown).map(\.name))
        var lines = [whole(progress)]
        for (index, name) in names.enumerated() { lines.append(source(progress.sources[index], name, shares[index])) }
        if hidden > 0, room > 0 { lines.append(cut("  and \(progress.sources.count - shown) more sources")) }
        return lines
    }

    /// One line without any escape codes.
    /// - Parameter elapsed: since the program began to show progress.
    static func plain(_ progress: Progress, after elapsed: Duration) -> String {
        let parts = parts(progress).filter { $0.kind != .doing && !$0.text.isEmpty }.map(\.text)
        let time = progress.amount == nil ? [] : ["after \(elapsed.shown)"]
        let sources = progress.sources.map { source in
            let facts = [source.rate.flatMap(speed), source.state, source.fault].compactMap(\.self)
            return "; \(source.name)" + (facts.isEmpty ? "" : ": " + facts.joined(separator: ", "))
        }
        return "\(progress.doing): " + (parts + time).joined(separator: ", ") + sources.joined()
    }

    // MARK: The whole

    /// The more important first.
    private enum Kind: Int {
        case percent, doing, rate, left, bytes, files, reused
    }

    /// A field of the line. It keeps its columns also while nothing is known for it, so that the bar keeps its own.
    private struct Part {
        let kind: Kind
        let text: String
        let columns: Int
        var isAtTheRight = false
    }

    /// In the order in which they are shown.
    private static func parts(_ progress: Progress) -> [Part] {
        let doing = Part(kind: .doing, text: progress.doing, columns: columns(progress.doing))
        guard let amount = progress.amount, let percent = progress.percent else {
            let elapsed = progress.elapsed.shown
            return [doing, Part(kind: .left, text: elapsed, columns: columns(elapsed))]
        }
        let bytes = SteadyText.amount(amount.done, of: amount.total)
        let bytesColumns = SteadyText.byteColumns + columns(" of \(ByteCount.text(amount.total))")
        let rate = progress.rate.map(SteadyText.rate) ?? ""
        var parts = [
            doing, Part(kind: .percent, text: "\(percent) %", columns: 5, isAtTheRight: true),
            Part(kind: .bytes, text: bytes, columns: bytesColumns, isAtTheRight: true),
            Part(kind: .rate, text: rate, columns: SteadyText.rateColumns, isAtTheRight: true),
        ]
        if let files = progress.files {
            let total = "\(files.total)"
            let text = "\(files.done) of \(total) files"
            parts.append(Part(kind: .files, text: text, columns: 2 * total.count + 10, isAtTheRight: true))
        }
        if amount.reused > 0 {
            let reused = "\(ByteCount.text(amount.reused)) reused"
            parts.append(Part(kind: .reused, text: reused, columns: columns(reused)))
        }
        // At the end, where its length moves nothing.
        let left = progress.timeLeft.map(SteadyText.left) ?? ""
        return parts + [Part(kind: .left, text: left, columns: SteadyText.leftColumns)]
    }

    /// As many parts as there is room for, the more important first, and a bar in what is left.
    private func whole(_ progress: Progress) -> String {
        let all = Self.parts(progress)
        var kept: Set<Int> = []
        var used = -2
        for part in all.sorted(by: { $0.kind.rawValue < $1.kind.rawValue }) {
            // The rest is worth less than a bar.
            let bar = part.kind == .files || part.kind == .reused ? Self.leastBar + 4 : 0
            guard used + part.columns + 2 + bar < width || kept.isEmpty else { continue }
            kept.insert(part.kind.rawValue)
            used += part.columns + 2
        }
        let bar = min(30, width - used - 5)
        var line = ""
        for part in all where kept.contains(part.kind.rawValue) {
            if part.kind == .percent, bar >= Self.leastBar, let percent = progress.percent {
                line += (line.isEmpty ? "" : "  ") + Self.bar(percent, bar)
            }
            let gap = String(repeating: " ", count: max(0, part.columns - Self.columns(part.text)))
            if line.isEmpty {
                line = part.text
            } else {
                line += "  " + (part.isAtTheRight ? gap + part.text : part.text + gap)
            }
        }
        return cut(Self.trimmed(line))
    }

    /// A shorter one says nothing.
    private static let leastBar = 6

    private static func bar(_ percent: Int, _ width: Int) -> String {
        let full = width * percent / 100
        return "[" + String(repeating: "=", count: full) + (full < width ? ">" : "")
            + String(repeating: " ", count: max(0, width - full - 1)) + "]"
    }

    private static func trimmed(_ line: String) -> String {
        var line = line[...]
        while line.last == " " { line.removeLast() }
        return String(line)
    }

    // MARK: A source

    /// The names in a column that leaves room for a rate, cut so that they can be told apart: servers of one host differ
    /// in their ports.
    private func names(_ names: [String]) -> [String] {
        let room = max(4, min(width - 16, width / 2))
        var shown = names.map { Self.cut($0, to: room) }
        if Set(shown).count < Set(names).count {
            let ends = names.map { Self.end(of: $0, room) }
            if Set(ends).count > Set(shown).count { shown = ends }
        }
        let widest = shown.map(Self.columns).max() ?? 0
        return shown.map { $0 + String(repeating: " ", count: widest - Self.columns($0)) }
    }

    /// First what it does, then what it has given, then its fault in what is left.
    private func source(_ source: Progress.Source, _ name: String, _ share: Int) -> String {
        let rate = source.rate.flatMap(Self.speed).map { rate in
            String(repeating: " ", count: max(0, SteadyText.rateColumns - rate.count)) + rate
        }
        var line = "  " + name + [rate, source.state].compactMap(\.self).map { "  " + $0 }.joined()
        if source.bytes > 0 {
            let share = (share < 10 ? " " : "") + "\(share) %"
            if Self.columns(line) + "  gave ".count + share.count < width { line += "  gave " + share }
        }
        guard let fault = source.fault else { return cut(Self.trimmed(line)) }
        let whole = cut(line + "  " + fault)
        guard isColoured, whole.hasPrefix(line) else { return whole }
        return line + "\u{1b}[33m" + whole.dropFirst(line.count) + "\u{1b}[0m"
    }

    private static func speed(_ rate: Double) -> String? { rate >= 1 ? SteadyText.rate(rate) : nil }

    // MARK: Columns

    private func cut(_ text: String) -> String { Self.cut(text, to: width - 1) }

    /// The text, or as much of it as fits before an ellipsis.
    static func cut(_ text: String, to limit: Int) -> String {
        guard columns(text) > limit else { return text }
        var kept = ""
        var used = 0
        for character in text {
            let wide = columns(String(character))
            guard used + wide < limit else { break }
            used += wide
            kept.append(character)
        }
        return limit > 0 ? kept + "…" : ""
    }

    /// The text, or as much of its end as fits after an ellipsis.
    private static func end(of text: String, _ limit: Int) -> String {
        guard columns(text) > limit else { return text }
        return "…" + String(cut(String(text.reversed()), to: limit).dropLast().reversed())
    }

    /// How many columns a text takes: two for what is as wide as a Chinese character, none for what combines.
    static func columns(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { sum, scalar in
            switch scalar.value {
            case 0x0300...0x036f, 0x200b...0x200f, 0xfe00...0xfe0f, 0x20d0...0x20ff: sum
            case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
                0xffe0...0xffe6, 0x1f300...0x1faff, 0x20000...0x3fffd:
                sum + 2
            default: sum + 1
            }
        }
    }
}
