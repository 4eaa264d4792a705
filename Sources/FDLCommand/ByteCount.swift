import ArgumentParser
import FDLCore

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

    /// For people: see `byteText`.
    package static func text(_ bytes: Int64) -> String { byteText(bytes) }
}
