/// `value` with so many digits after the point.
func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    let power = (0..<digits).reduce(Int64(1)) { power, _ in power * 10 }
    let scaled = Int64((value * Double(power)).rounded())
    let (whole, part) = scaled.magnitude.quotientAndRemainder(dividingBy: power.magnitude)
    guard digits > 0 else { return "\(scaled)" }
    let fraction = String(part)
    return (scaled < 0 ? "-" : "") + "\(whole)." + String(repeating: "0", count: digits - fraction.count) + fraction
}

/// `value` with three figures or so.
func shown(_ value: Double) -> String { fixed(value, abs(value) < 10 ? 3 : abs(value) < 1000 ? 1 : 0) }

extension String {
    /// With spaces behind it.
    func left(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    /// With spaces before it.
    func right(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
