/// A strict pull parser for JSON (RFC 8259) over bytes.
///
/// Stricter than the RFC where two readers could disagree: a name may stand once in an object, numbers are whole where
/// a whole number is wanted, nesting is bounded, and nothing but white space may follow the value. It allocates only
/// for the strings it is asked for.
///
/// The bytes must outlive the reader, which lives within one call of the parser.
package struct JSONReader {
    /// How deep objects and arrays may nest.
    static let maximumDepth = 32

    private var scanner: JSONScanner
    private var depth = 0

    package init(_ bytes: UnsafeRawBufferPointer) {
        scanner = JSONScanner(bytes)
    }

    /// Reads an object and hands each name to `member`, which must read or skip its value.
    package mutating func object(
        _ field: String,
        _ member: (String, inout JSONReader) throws(ManifestError) -> Void
    ) throws(ManifestError) {
        try begin(UInt8(ascii: "{"), field: field, wanted: "an object")
        var names = SeenNames()
        scanner.skipWhitespace()
        if !scanner.take(UInt8(ascii: "}")) {
            repeat {
                scanner.skipWhitespace()
                guard scanner.peek() == UInt8(ascii: "\"") else {
                    throw scanner.malformed("a name in quotes is missing")
                }
                let name = try scanner.string()
                guard names.insert(name) else { throw .duplicateField(name) }
                scanner.skipWhitespace()
                guard scanner.take(UInt8(ascii: ":")) else { throw scanner.malformed("a colon is missing") }
                scanner.skipWhitespace()
                try member(name, &self)
                scanner.skipWhitespace()
            } while scanner.take(UInt8(ascii: ","))
            guard scanner.take(UInt8(ascii: "}")) else { throw scanner.malformed("a comma or } is missing") }
        }
        depth -= 1
    }

    /// Reads an array and calls `element` at each value, which must read or skip it.
    package mutating func array(
        _ field: String,
        _ element: (inout JSONReader) throws(ManifestError) -> Void
    ) throws(ManifestError) {
        try begin(UInt8(ascii: "["), field: field, wanted: "an array")
        scanner.skipWhitespace()
        if !scanner.take(UInt8(ascii: "]")) {
            repeat {
                scanner.skipWhitespace()
                try element(&self)
                scanner.skipWhitespace()
            } while scanner.take(UInt8(ascii: ","))
            guard scanner.take(UInt8(ascii: "]")) else { throw scanner.malformed("a comma or ] is missing") }
        }
        depth -= 1
    }

    package mutating func string(_ field: String) throws(ManifestError) -> String {
        guard scanner.peek() == UInt8(ascii: "\"") else { throw try wrongKind(field, wanted: "a string") }
        return try scanner.string()
    }

    /// A whole number without fraction or exponent.
    /// - Returns: nil if it does not fit 64 bits.
    package mutating func integer(_ field: String) throws(ManifestError) -> Int64? {
        guard scanner.isAtNumber else { throw try wrongKind(field, wanted: "a whole number") }
        let (text, isWhole) = try scanner.number()
        guard isWhole else { throw .invalidField(field, reason: "it is not a whole number") }
        let isNegative = text.first == UInt8(ascii: "-")
        var value: Int64 = 0
        for digit in text.dropFirst(isNegative ? 1 : 0) {
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
        guard scanner.isAtNumber else { throw try wrongKind(field, wanted: "a number") }
        let (text, _) = try scanner.number()
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else {
            throw .invalidField(field, reason: "it is too large a number")
        }
        return value
    }

    package mutating func boolean(_ field: String) throws(ManifestError) -> Bool {
        switch scanner.peek() {
        case UInt8(ascii: "t"):
            try scanner.literal("true")
            return true
        case UInt8(ascii: "f"):
            try scanner.literal("false")
            return false
        default:
            throw try wrongKind(field, wanted: "true or false")
        }
    }

    /// A digest, straight from the text. Strings with escapes take the long way and are held to the same rule.
    /// - Returns: nil for a string that is not 64 lowercase hexadecimal digits.
    mutating func digest(_ field: String) throws(ManifestError) -> SHA256Digest? {
        if let digest = scanner.digest() { return digest }
        return SHA256Digest(hex: try string(field))
    }

    /// Reads past a value of any kind, holding it to the same grammar.
    package mutating func skipValue() throws(ManifestError) {
        switch scanner.peek() {
        case UInt8(ascii: "{"):
            try object("") { (_, reader) throws(ManifestError) in try reader.skipValue() }
        case UInt8(ascii: "["):
            try array("") { (reader) throws(ManifestError) in try reader.skipValue() }
        case UInt8(ascii: "\""): _ = try scanner.string()
        case UInt8(ascii: "t"): try scanner.literal("true")
        case UInt8(ascii: "f"): try scanner.literal("false")
        case UInt8(ascii: "n"): try scanner.literal("null")
        case _ where scanner.isAtNumber: _ = try scanner.number()
        default: throw scanner.malformed("a value is missing")
        }
    }

    /// Checks that only white space is left.
    package mutating func end() throws(ManifestError) {
        scanner.skipWhitespace()
        guard scanner.isAtEnd else { throw scanner.malformed("something follows the end") }
    }

    package mutating func skipWhitespace() { scanner.skipWhitespace() }

    /// What to throw where another kind of value stands: the grammar's complaint goes before the field's.
    private mutating func wrongKind(_ field: String, wanted: String) throws(ManifestError) -> ManifestError {
        try skipValue()
        return .invalidField(field, reason: "it is not \(wanted)")
    }

    private mutating func begin(_ bracket: UInt8, field: String, wanted: String) throws(ManifestError) {
        guard scanner.peek() == bracket else { throw try wrongKind(field, wanted: wanted) }
        guard depth < Self.maximumDepth else { throw scanner.malformed("it nests too deep") }
        _ = scanner.take(bracket)
        depth += 1
    }
}

/// The names an object has had. Objects are small: the set is made only for those that are not.
private struct SeenNames {
    private var few: [String] = []
    private var many: Set<String> = []

    /// - Returns: false if it has been seen.
    mutating func insert(_ name: String) -> Bool {
        if few.count == 16 { return !few.contains(name) && many.insert(name).inserted }
        guard !few.contains(name) else { return false }
        few.append(name)
        return true
    }
}
