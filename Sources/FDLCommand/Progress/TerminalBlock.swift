/// Lines at the bottom of a terminal that are drawn over again and again.
struct TerminalBlock: Sendable, Equatable {
    /// How wide each line is, in columns.
    private let widths: [Int]

    /// - Parameter lines: at least one; what is between an escape and its `m` takes no room.
    init(_ lines: [String]) {
        widths = lines.map { ProgressText.columns(Self.visible($0)) }
    }

    /// What moves the cursor from the end of the block to its beginning.
    ///
    /// - Parameter width: of the terminal now. If it has become narrower, most terminals have broken the block's lines
    ///   into several.
    func rewinding(width: Int) -> String {
        let width = max(1, min(width, 100_000))
        let rows = widths.reduce(0) { $0 + max(1, ($1 + width - 1) / width) }
        return "\r" + (rows > 1 ? "\u{1b}[\(rows - 1)A" : "")
    }

    /// What takes the block away.
    func erasing(width: Int) -> String { rewinding(width: width) + "\u{1b}[J" }

    /// What draws `lines`, over the block that is there if there is one.
    static func drawing(_ lines: [String], over old: TerminalBlock?, width: Int) -> String {
        (old?.rewinding(width: width) ?? "") + lines.map { $0 + "\u{1b}[K" }.joined(separator: "\n") + "\u{1b}[J"
    }

    private static func visible(_ line: String) -> String {
        var text = ""
        var isCode = false
        for scalar in line.unicodeScalars {
            if scalar == "\u{1b}" {
                isCode = true
            } else if isCode {
                isCode = scalar != "m"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
