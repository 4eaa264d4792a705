import ArgumentParser

/// A number of bytes as people write it: `500K`, `10M`, `1.5G`. The letter stands for a power of 1024, as in curl; a
/// `B`, `iB` or `/s` after it changes nothing.
package struct ByteCount: ExpressibleByArgument {
    package let bytes: Int64

    package init?(argument: String) {
        var text = argument.lowercased()[...]
        if text.hasSuffix("/s") { text = text.dropLast(2) }
        if text.hasSuffix("ib") { text = text.dropLast(2) } else if text.hasSuffix("b") { text = text.dropLast() }
        let units: [Character: Double] = ["k": 1024, "m": 1_048_576, "g": 1_073_741_824]
        var factor = 1.0
        if let last = text.last, let unit = units[last] {
            factor = unit
            text = text.dropLast()
        }
        guard text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let number = Double(text) else {
            return nil
        }
        let bytes = number * factor
        guard bytes >= 0, bytes < 1e18 else { return nil }
        self.bytes = Int64(bytes)
    }

    /// For people: three digits at most before the unit, and one after the point if it is not 0.
    package static func text(_ bytes: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        if unit == 0 { return "\(bytes) B" }
        let tenths = Int64((value * 10).rounded())
        let fraction = tenths % 10 == 0 ? "" : ".\(tenths % 10)"
        return "\(tenths / 10)\(fraction) \(units[unit])"
    }
}
