/// Lines at the bottom of a terminal that are drawn over again and again.
struct TerminalBlock: Sendable, Equatable {
    /// How wide each line is, in columns.
    private let widths: [Int]

    /// - Parameter lines: at least one; what is between an escape and its `m` takes no room.
    init(_ lines: [String]) {
        widths = lines.map { ProgressText.columns(Self.visible($0)) }
    }

    /// How many rows it takes in a terminal that is so wide. If that has become narrower, most terminals have broken the
    /// block's lines into several.
    private func rows(width: Int) -> Int {
        let width = max(1, min(width, 100_000))
        return widths.reduce(0) { $0 + max(1, ($1 + width - 1) / width) }
    }

    /// What moves the cursor from the end of the block to its beginning.
    func rewinding(width: Int) -> String {
        let rows = rows(width: width)
        return "\r" + (rows > 1 ? "\u{1b}[\(rows - 1)A" : "")
    }

    /// What takes the block away, and leaves the cursor where it began.
    ///
    /// Row by row: some terminals remember of a row that it was broken until all of it is erased, and take it and the next
    /// for one line when the width changes again. And some keep what is erased from the top of the screen in their history.
    func erasing(width: Int) -> String {
        let rows = rows(width: width)
        let erased = Array(repeating: "\u{1b}[2K", count: rows).joined(separator: "\u{1b}[B")
        return rewinding(width: width) + erased + (rows > 1 ? "\u{1b}[\(rows - 1)A" : "") + "\u{1b}[J"
    }

    /// What draws `lines`, over the block that is there if there is one.
    /// - Parameter isResized: whether the width has changed since that was drawn.
    static func drawing(_ lines: [String], over old: TerminalBlock?, width: Int, isResized: Bool = false) -> String {
        let start = isResized ? old?.erasing(width: width) : old?.rewinding(width: width)
        return (start ?? "") + lines.map { $0 + "\u{1b}[K" }.joined(separator: "\n") + "\u{1b}[J"
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
