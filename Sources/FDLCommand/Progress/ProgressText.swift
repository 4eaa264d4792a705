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
        let given = progress.sources.reduce(0) { $0 + $1.bytes }
        var lines = [whole(progress)] + progress.sources.prefix(shown).map { source($0, of: given) }
        if hidden > 0, room > 0 { lines.append(cut("  and \(progress.sources.count - shown) more sources")) }
        return lines
    }

    /// One line without any escape codes.
    static func plain(_ progress: Progress) -> String {
        let parts = parts(progress).filter { $0.kind != .doing }.map(\.text)
        let sources = progress.sources.map { source in
            let facts = [source.rate.flatMap(speed), source.state, source.fault].compactMap(\.self)
            return "; \(source.name)" + (facts.isEmpty ? "" : ": " + facts.joined(separator: ", "))
        }
        return "\(progress.doing): " + parts.joined(separator: ", ") + sources.joined()
    }

    // MARK: The whole

    private enum Kind: Int {
        case percent, doing, rate, left, bytes, reused
    }

    private struct Part {
        let kind: Kind
        let text: String
    }

    /// In the order in which they are shown.
    private static func parts(_ progress: Progress) -> [Part] {
        var parts = [Part(kind: .doing, text: progress.doing)]
        guard let amount = progress.amount, let percent = progress.percent else {
            return parts + [Part(kind: .left, text: progress.elapsed.shown)]
        }
        parts.append(Part(kind: .percent, text: "\(percent) %"))
        let bytes = "\(ByteCount.text(amount.done)) of \(ByteCount.text(amount.total))"
        parts.append(Part(kind: .bytes, text: bytes))
        if let rate = progress.rate { parts.append(Part(kind: .rate, text: "\(ByteCount.text(Int64(rate)))/s")) }
        if let left = progress.timeLeft { parts.append(Part(kind: .left, text: "\(left.shown) left")) }
        if amount.reused > 0 { parts.append(Part(kind: .reused, text: "\(ByteCount.text(amount.reused)) reused")) }
        return parts
    }

    /// As many parts as there is room for, the more important first, and a bar in what is left.
    private func whole(_ progress: Progress) -> String {
        let all = Self.parts(progress)
        var kept: Set<Int> = []
        var used = -2
        for part in all.sorted(by: { $0.kind.rawValue < $1.kind.rawValue }) {
            let wide = Self.columns(part.text) + 2
            guard used + wide < width || kept.isEmpty else { continue }
            kept.insert(part.kind.rawValue)
            used += wide
        }
        var shown = all.filter { kept.contains($0.kind.rawValue) }.map(\.text)
        let bar = min(30, width - used - 5)
        if let percent = progress.percent, bar >= 10, let place = shown.firstIndex(of: "\(percent) %") {
            shown.insert(Self.bar(percent, bar), at: place)
        }
        return cut(shown.joined(separator: "  "))
    }

    private static func bar(_ percent: Int, _ width: Int) -> String {
        let full = width * percent / 100
        return "[" + String(repeating: "=", count: full) + (full < width ? ">" : "")
            + String(repeating: " ", count: max(0, width - full - 1)) + "]"
    }

    // MARK: A source

    private func source(_ source: Progress.Source, of given: Int64) -> String {
        let share = given > 0 ? "\(Int((Double(source.bytes) / Double(given) * 100).rounded())) %" : nil
        let rate = source.rate.flatMap(Self.speed)
        let facts = [source.fault == nil ? share : (source.bytes > 0 ? share : nil), rate, source.state].compactMap(
            \.self
        )
        let after = facts.map { "  " + $0 }.joined()
        let fault = source.fault.map { "  " + $0 } ?? ""
        // A name keeps half of the line at least, and a fault gets what the name leaves.
        let wanted = Self.columns(after) + min(Self.columns(fault), width / 2)
        let room = max(width - 3 - wanted, (width - 3) / 2)
        let name = "  " + Self.cut(source.name, to: room) + after
        guard !fault.isEmpty else { return cut(name) }
        let line = cut(name + fault)
        guard isColoured, line.hasPrefix(name) else { return line }
        return name + "\u{1b}[33m" + line.dropFirst(name.count) + "\u{1b}[0m"
    }

    private static func speed(_ rate: Double) -> String? { rate >= 1 ? "\(ByteCount.text(Int64(rate)))/s" : nil }

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
