/// A strict pull parser for JSON (RFC 8259) over bytes.
///
/// Stricter than the RFC where two readers could disagree: a name may stand once in an object, numbers are whole where
/// a whole number is wanted, nesting is bounded, and nothing but white space may follow the value. It allocates only
/// for the strings it is asked for.
///
/// The bytes must outlive the reader, which lives within one call of whoever parses.
package struct JSONReader {
    /// How deep objects and arrays may nest.
    static let maximumDepth = 32

    private let bytes: UnsafeRawBufferPointer
    private var offset = 0
    private var depth = 0

    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Reads an object and hands each name to `member`, which must read or skip its value.
    package mutating func object(
        _ field: String,
        _ member: (String, inout JSONReader) throws(ManifestError) -> Void
    ) throws(ManifestError) {
        try begin(UInt8(ascii: "{"), field: field, wanted: "an object")
        var names = SeenNames()
        skipWhitespace()
        if !take(UInt8(ascii: "}")) {
            repeat {
                skipWhitespace()
                guard peek() == UInt8(ascii: "\"") else { throw malformed("a name in quotes is missing") }
                let name = try scanString()
                guard names.insert(name) else { throw .duplicateField(name) }
                skipWhitespace()
                guard take(UInt8(ascii: ":")) else { throw malformed("a colon is missing") }
                skipWhitespace()
                try member(name, &self)
                skipWhitespace()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw malformed("a comma or } is missing") }
        }
        depth -= 1
    }

    /// Reads an array and calls `element` at each value, which must read or skip it.
    package mutating func array(
        _ field: String,
        _ element: (inout JSONReader) throws(ManifestError) -> Void
    ) throws(ManifestError) {
        try begin(UInt8(ascii: "["), field: field, wanted: "an array")
        skipWhitespace()
        if !take(UInt8(ascii: "]")) {
            repeat {
                skipWhitespace()
                try element(&self)
                skipWhitespace()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw malformed("a comma or ] is missing") }
        }
        depth -= 1
    }

    package mutating func string(_ field: String) throws(ManifestError) -> String {
        guard peek() == UInt8(ascii: "\"") else { throw try wrongKind(field, wanted: "a string") }
        return try scanString()
    }

    /// A whole number without fraction or exponent.
    /// - Returns: nil where it does not fit 64 bits.
    package mutating func integer(_ field: String) throws(ManifestError) -> Int64? {
        guard let first = peek(), first == UInt8(ascii: "-") || Self.isDigit(first) else {
            throw try wrongKind(field, wanted: "a whole number")
        }
        let start = offset
        guard try skipNumber() else { throw .invalidField(field, reason: "it is not a whole number") }
        let isNegative = first == UInt8(ascii: "-")
        var value: Int64 = 0
        for digit in bytes[(isNegative ? start + 1 : start)..<offset] {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let unit = Int64(digit - UInt8(ascii: "0"))
            let (sum, carry) = tens.addingReportingOverflow(isNegative ? -unit : unit)
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// Any number, as near as a `Double` comes to it.
    package mutating func decimal(_ field: String) throws(ManifestError) -> Double {
        guard let first = peek(), first == UInt8(ascii: "-") || Self.isDigit(first) else {
            throw try wrongKind(field, wanted: "a number")
        }
        let start = offset
        _ = try skipNumber()
        guard let value = Double(String(decoding: bytes[start..<offset], as: UTF8.self)), value.isFinite else {
            throw .invalidField(field, reason: "it is too large a number")
        }
        return value
    }

    mutating func boolean(_ field: String) throws(ManifestError) -> Bool {
        switch peek() {
        case UInt8(ascii: "t"):
            try literal("true")
            return true
        case UInt8(ascii: "f"):
            try literal("false")
            return false
        default:
            throw try wrongKind(field, wanted: "true or false")
        }
    }

    /// A digest, straight from the text. Strings with escapes take the long way and are held to the same rule.
    /// - Returns: nil for a string that is not 64 lowercase hexadecimal digits.
    mutating func digest(_ field: String) throws(ManifestError) -> SHA256Digest? {
        let end = offset + 1 + 2 * SHA256Digest.byteCount
        if end < bytes.count, bytes[offset] == UInt8(ascii: "\""), bytes[end] == UInt8(ascii: "\""),
            let digest = SHA256Digest(hex: UnsafeRawBufferPointer(rebasing: bytes[(offset + 1)..<end]))
        {
            offset = end + 1
            return digest
        }
        return SHA256Digest(hex: try string(field))
    }

    /// Reads past a value of any kind, holding it to the same grammar.
    package mutating func skipValue() throws(ManifestError) {
        switch peek() {
        case UInt8(ascii: "{"):
            try object("") { (_, reader) throws(ManifestError) in try reader.skipValue() }
        case UInt8(ascii: "["):
            try array("") { (reader) throws(ManifestError) in try reader.skipValue() }
        case UInt8(ascii: "\""): _ = try scanString()
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        case let byte? where byte == UInt8(ascii: "-") || Self.isDigit(byte): _ = try skipNumber()
        default: throw malformed("a value is missing")
        }
    }

    /// Checks that only white space is left.
    package mutating func end() throws(ManifestError) {
        skipWhitespace()
        guard offset == bytes.count else { throw malformed("something follows the end") }
    }
}

// MARK: - Tokens

extension JSONReader {
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private func peek() -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        offset += 1
        return true
    }

    package mutating func skipWhitespace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
    }

    private func malformed(_ reason: String) -> ManifestError {
        .malformedJSON(offset: offset, reason: offset < bytes.count ? reason : "it ends too early")
    }

    /// What to throw where another kind of value stands: the grammar's complaint goes before the field's.
    private mutating func wrongKind(_ field: String, wanted: String) throws(ManifestError) -> ManifestError {
        try skipValue()
        return .invalidField(field, reason: "it is not \(wanted)")
    }

    private mutating func begin(_ bracket: UInt8, field: String, wanted: String) throws(ManifestError) {
        guard peek() == bracket else { throw try wrongKind(field, wanted: wanted) }
        guard depth < Self.maximumDepth else { throw malformed("it nests too deep") }
        offset += 1
        depth += 1
    }

    private mutating func literal(_ text: StaticString) throws(ManifestError) {
        let end = offset + text.utf8CodeUnitCount
        let expected = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard end <= bytes.count, bytes[offset..<end].elementsEqual(expected) else {
            throw malformed("an unknown word")
        }
        offset = end
    }

    /// - Returns: whether the number has neither fraction nor exponent.
    private mutating func skipNumber() throws(ManifestError) -> Bool {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try skipDigits() }
        var isWhole = true
        if take(UInt8(ascii: ".")) {
            isWhole = false
            try skipDigits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isWhole = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try skipDigits()
        }
        if let next = peek(), Self.isDigit(next) { throw malformed("a number begins with 0") }
        return isWhole
    }

    private mutating func skipDigits() throws(ManifestError) {
        let start = offset
        while let byte = peek(), Self.isDigit(byte) { offset += 1 }
        guard offset > start else { throw malformed("a digit is missing") }
    }
}

// MARK: - Strings

extension JSONReader {
    /// Reads a string; the opening quote is known to be there.
    private mutating func scanString() throws(ManifestError) -> String {
        offset += 1
        var start = offset
        var unescaped: [UInt8] = []
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                let last = bytes[start..<offset]
                offset += 1
                return try unescaped.isEmpty ? Self.text(last) : Self.text(unescaped + last)
            case UInt8(ascii: "\\"):
                unescaped += bytes[start..<offset]
                try unescape(into: &unescaped)
                start = offset
            case ..<0x20:
                throw malformed("a control character in a string")
            default:
                offset += 1
            }
        }
        throw malformed("")
    }

    private static func text(_ utf8: some Sequence<UInt8>) throws(ManifestError) -> String {
        guard let text = String(validating: utf8, as: UTF8.self) else { throw .notUTF8 }
        return text
    }

    private mutating func unescape(into text: inout [UInt8]) throws(ManifestError) {
        offset += 1
        guard let escape = peek() else { throw malformed("") }
        offset += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text += Array(String(try unicodeEscape()).utf8)
        default: throw malformed("an unknown escape")
        }
    }

    /// Behind `\u`: one code unit, or a surrogate pair in two escapes.
    private mutating func unicodeEscape() throws(ManifestError) -> Character {
        let first = try hexadecimalUnit()
        if let scalar = Unicode.Scalar(first) { return Character(scalar) }
        guard first < 0xdc00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw malformed("half of a surrogate pair")
        }
        let second = try hexadecimalUnit()
        guard (0xdc00...0xdfff).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) - 0xdc00))
        else { throw malformed("half of a surrogate pair") }
        return Character(scalar)
    }

    private mutating func hexadecimalUnit() throws(ManifestError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let value = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw malformed("a hexadecimal digit is missing")
            }
            unit = unit << 4 | UInt16(value)
            offset += 1
        }
        return unit
    }
}

/// The names an object has had. Objects are small: the set is made only for those that are not.
private struct SeenNames {
    private var few: [String] = []
    private var many: Set<String> = []

    /// - Returns: false where it has been seen.
    mutating func insert(_ name: String) -> Bool {
        if few.count == 16 { return !few.contains(name) && many.insert(name).inserted }
        guard !few.contains(name) else { return false }
        few.append(name)
        return true
    }
}
