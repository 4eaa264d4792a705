/// Lowercase hexadecimal.
package enum Hex {
    /// Two digits a byte.
    package static func string(_ bytes: some Collection<UInt8>) -> String {
        String(unsafeUninitializedCapacity: 2 * bytes.count) { out in
            var index = 0
            for byte in bytes {
                out[index] = digit(byte >> 4)
                out[index + 1] = digit(byte & 15)
                index += 2
            }
            return index
        }
    }

    /// Sixteen digits at `offset`, the first the most significant; nil if one is not `0-9a-f` or is missing.
    static func word(_ text: UnsafeRawBufferPointer, at offset: Int) -> UInt64? {
        guard offset >= 0, offset + 16 <= text.count else { return nil }
        var result: UInt64 = 0
        for index in offset..<(offset + 16) {
            guard let value = value(text[index]) else { return nil }
            result = result << 4 | UInt64(value)
        }
        return result
    }

    /// Appends a word's sixteen digits, the most significant first.
    static func append(_ word: UInt64, to text: inout [UInt8]) {
        for shift in stride(from: UInt64(60), through: 0, by: -4) {
            text.append(digit(UInt8(truncatingIfNeeded: word >> shift & 15)))
        }
    }

    /// Writes a word's sixteen digits from `offset` on, the most significant first.
    static func write(_ word: UInt64, to text: UnsafeMutableBufferPointer<UInt8>, at offset: Int) {
        for index in 0..<16 {
            text[offset + index] = digit(UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * index) & 15))
        }
    }

    /// The value of one hexadecimal digit of either case.
    static func valueOfAnyCase(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: value(digit)
        }
    }

    /// The value of one lowercase hexadecimal digit.
    static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
