/// What a `Range` header asks of a representation (RFC 9110 section 14).
enum RangeRequest: Equatable {
    /// All of it: no header, one that cannot be understood, or several ranges, which a server may ignore.
    case whole
    /// A part that is not empty.
    case part(Range<Int64>)
    /// None of the bytes asked for exist.
    case unsatisfiable

    /// - Parameters:
    ///   - fields: the values of all `Range` fields.
    ///   - size: of the representation, in bytes.
    init(fields: [String], size: Int64) {
        guard fields.count == 1, let specification = Self.specification(of: fields[0]) else {
            self = .whole
            return
        }
        switch specification {
        case .suffix(let count):
            self = count > 0 && size > 0 ? .part(max(0, size - count)..<size) : .unsatisfiable
        case .from(let first, let last):
            self = first < size ? .part(first..<(min(last, size - 1) + 1)) : .unsatisfiable
        }
    }

    private enum Specification {
        case suffix(Int64)
        case from(Int64, through: Int64)
    }

    private static func specification(of field: String) -> Specification? {
        guard let equals = field.utf8.firstIndex(of: UInt8(ascii: "=")),
            field[..<equals].lowercased() == "bytes"
        else { return nil }
        let range = field[field.utf8.index(after: equals)...].trimmingBlanks()
        guard let dash = range.utf8.firstIndex(of: UInt8(ascii: "-")) else { return nil }
        let first = range[..<dash]
        let last = range[range.utf8.index(after: dash)...]
        if first.isEmpty { return number(last).map { .suffix($0) } }
        guard let from = number(first) else { return nil }
        if last.isEmpty { return .from(from, through: .max) }
        guard let through = number(last), through >= from else { return nil }
        return .from(from, through: through)
    }

    /// Decimal digits only. A number that overflows is larger than any file, and counts as the largest.
    private static func number(_ digits: Substring) -> Int64? {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(digits) ?? .max
    }
}

extension StringProtocol where SubSequence == Substring {
    /// Without the blanks that HTTP allows around a value (OWS, RFC 9110 section 5.6.3).
    func trimmingBlanks() -> SubSequence {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let bytes = Substring(self).utf8
        guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return Substring(bytes[first...last])
    }
}
