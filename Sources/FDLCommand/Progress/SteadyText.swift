import FDLCore

/// Numbers as they are shown while they change: rounded down, so that none is ahead of another, and within fixed columns,
/// so that what follows them stays in its place.
enum SteadyText {
    /// The most columns that `bytes` takes.
    static let byteColumns = 9
    /// The most columns that `rate` takes.
    static let rateColumns = byteColumns + 2
    /// The most columns that `left` takes.
    static let leftColumns = 15

    /// In the unit that gives three digits at most before the point. A gibibyte and more has four digits, so that one
    /// sees it grow; less has one after the point: `512 B`, `3.0 MiB`, `2.125 GiB`, `21.25 GiB`.
    static func bytes(_ count: Int64) -> String {
        let count = max(0, count)
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        let unit = units.indices.first { count < Int64(1000) << Int64(10 * $0) } ?? units.count - 1
        guard unit > 0 else { return "\(count) B" }
        let size = Int64(1) << Int64(10 * unit)
        let digits = unit < 3 || count >= 100 * size ? 1 : (count >= 10 * size ? 2 : 3)
        let scale = [1, 10, 100, 1000][digits] as Int64
        let (whole, rest) = count.quotientAndRemainder(dividingBy: size)
        let fraction = String(size.dividingFullWidth(rest.multipliedFullWidth(by: scale)).quotient)
        return "\(whole)." + String(repeating: "0", count: digits - fraction.count) + "\(fraction) \(units[unit])"
    }

    /// What is done of a total. What is complete reads as its total does.
    static func amount(_ done: Int64, of total: Int64) -> String {
        let whole = byteText(total)
        return (done == total ? whole : bytes(done)) + " of " + whole
    }

    static func rate(_ bytes: Double) -> String { Self.bytes(Int64(max(0, min(bytes, 1e18)))) + "/s" }

    /// An estimate in no more detail than it is worth.
    static func left(_ time: Duration) -> String {
        let seconds = time.components.seconds
        let rounded: Int64 =
            switch seconds {
            case ..<600: seconds
            case ..<36_000: seconds / 60 * 60
            default: seconds / 3600 * 3600
            }
        return Duration.seconds(rounded).shown + " left"
    }
}

/// Whole percents of a sum that add up to a hundred.
package enum Shares {
    /// - Returns: one a part; all zero if there is nothing.
    package static func percents(_ parts: [Int64]) -> [Int] {
        let sum = parts.reduce(0, +)
        guard sum > 0, parts.allSatisfy({ $0 >= 0 }) else { return parts.map { _ in 0 } }
        let exact = parts.map { sum.dividingFullWidth($0.multipliedFullWidth(by: 100)) }
        var percents = exact.map { Int($0.quotient) }
        // What rounding down has left goes to those that lost most by it.
        let order = exact.indices.sorted { (exact[$1].remainder, $0) < (exact[$0].remainder, $1) }
        for index in order.prefix(100 - percents.reduce(0, +)) { percents[index] += 1 }
        return percents
    }
}
