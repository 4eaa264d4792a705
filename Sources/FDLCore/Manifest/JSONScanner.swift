/// The tokens of JSON (RFC 8259) in bytes, and how far they are read. Which token may follow which, `JSONReader` decides.
struct JSONScanner {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { offset == bytes.count }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    func peek() -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

    mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        offset += 1
        return true
    }

    mutating func skipWhitespace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
    }

    func malformed(_ reason: String) -> ManifestError {
        .malformedJSON(offset: offset, reason: offset < bytes.count ? reason : "it ends too early")
    }

    mutating func literal(_ text: StaticString) throws(ManifestError) {
        let end = offset + text.utf8CodeUnitCount
        let expected = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard end <= bytes.count, bytes[offset..<end].elementsEqual(expected) else {
            throw malformed("an unknown word")
        }
        offset = end
    }

    /// Whether a number begins here.
    var isAtNumber: Bool { peek().map { $0 == UInt8(ascii: "-") || Self.isDigit($0) } ?? false }

    /// Reads a number.
    /// - Returns: its text, and whether it has neither fraction nor exponent.
    mutating func number() throws(ManifestError) -> (text: UnsafeRawBufferPointer, isWhole: Bool) {
        let start = offset
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
        return (UnsafeRawBufferPointer(rebasing: bytes[start..<offset]), isWhole)
    }

    private mutating func skipDigits() throws(ManifestError) {
        let start = offset
        while let byte = peek(), Self.isDigit(byte) { offset += 1 }
        guard offset > start else { throw malformed("a digit is missing") }
    }

    /// A digest in quotes, straight from the bytes.
    /// - Returns: nil if something else stands here, or one with escapes.
    mutating func digest() -> SHA256Digest? {
        let end = offset + 1 + 2 * SHA256Digest.byteCount
        guard end < bytes.count, bytes[offset] == UInt8(ascii: "\""), bytes[end] == UInt8(ascii: "\""),
            let digest = SHA256Digest(hex: UnsafeRawBufferPointer(rebasing: bytes[(offset + 1)..<end]))
        else { return nil }
        offset = end + 1
        return digest
    }
}

// MARK: - Strings

extension JSONScanner {
    /// Reads a string; the opening quote is known to be there.
    mutating func string() throws(ManifestError) -> String {
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

    /// After `\u`: one code unit, or a surrogate pair in two escapes.
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
