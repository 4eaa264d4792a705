/// The results as lines of text.
enum Table {
    static func lines(_ findings: [Finding]) -> [String] {
        var lines = [line("row", ["ours", "peer", "ratio", "paired", "min…max"], "reach")]
        for finding in findings {
            func figure(_ series: Series) -> String { "\(shown(series.median)) \(finding.unit.rawValue)" }
            let range = finding.standing.range
            lines.append(
                line(
                    finding.shownTitle,
                    [
                        figure(finding.ours),
                        finding.peer.map(figure) ?? "–",
                        finding.ratio.map { fixed($0, 2) } ?? "–",
                        finding.paired.map { fixed($0.median, 2) } ?? "–",
                        "\(fixed(range.lowerBound, 2))…\(fixed(range.upperBound, 2))",
                    ],
                    finding.reachText.left(18) + (finding.verdict ?? "")
                )
            )
        }
        return lines + [
            "",
            "ours and peer: medians. ratio: of the medians. paired: the median of the ratios of each round, with their range.",
            "reached or missed: by the paired ratio, or by our own figure where the reach has a unit.",
        ]
    }

    private static func line(_ title: String, _ columns: [String], _ last: String) -> String {
        let line = zip(columns, [13, 13, 8, 7, 16]).reduce(title.left(52)) { $0 + $1.0.right($1.1) } + "  " + last
        return trimmed(line)
    }

    static func lines(_ comparison: Comparison) -> [String] {
        var lines = [comparisonLine("compared", ["before", "now", "change", "noise"], "")]
        for line in comparison.lines {
            let digits = { (value: Double) in line.unit.map { "\(shown(value)) \($0.rawValue)" } ?? fixed(value, 2) }
            lines.append(
                comparisonLine(
                    line.title,
                    [digits(line.old), digits(line.new), percent(line.change), "±" + percent(line.noise, sign: false)],
                    line.verdict.rawValue
                )
            )
        }
        let missing = comparison.missing.joined(separator: ", ")
        if !missing.isEmpty { lines.append("only in one of the two: \(missing)") }
        return lines + [
            "",
            "before and now: the paired ratios, or our own figure where there is no peer.",
            "noise: the mean of both runs' ranges; what changed less is the same.",
        ]
    }

    private static func comparisonLine(_ title: String, _ columns: [String], _ last: String) -> String {
        trimmed(zip(columns, [13, 13, 9, 9]).reduce(title.left(52)) { $0 + $1.0.right($1.1) } + "  " + last)
    }

    private static func percent(_ value: Double, sign: Bool = true) -> String {
        (sign && value >= 0 ? "+" : "") + fixed(value * 100, 1) + " %"
    }

    private static func trimmed(_ line: String) -> String {
        String(line.reversed().drop(while: { $0 == " " }).reversed())
    }
}
