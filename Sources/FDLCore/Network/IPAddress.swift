/// IP addresses as text.
package enum IPAddress {
    /// - Parameter text: an IPv4 address of four decimal numbers, or an IPv6 address (RFC 4291 section 2.2), without
    ///   brackets and zone.
    /// - Returns: its 4 or 16 bytes; nil for anything else.
    package static func bytes(of text: String) -> [UInt8]? { v4(text[...]) ?? v6(text[...]) }

    /// Whether an address lies in a network; never where they are of two kinds.
    package static func isWithin(_ address: [UInt8], _ network: [UInt8], bits: Int) -> Bool {
        guard address.count == network.count else { return false }
        return zip(address, network).enumerated().allSatisfy { index, pair in
            let counted = min(max(bits - 8 * index, 0), 8)
            let mask = UInt8(truncatingIfNeeded: 0xff << (8 - counted))
            return (pair.0 ^ pair.1) & mask == 0
        }
    }

    private static func v4(_ text: Substring) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func v6(_ text: Substring) -> [UInt8]? {
        guard let gap = text.utf8.firstRange(of: Array("::".utf8)) else {
            return groups(text).flatMap { $0.count == 16 ? $0 : nil }
        }
        let (head, tail) = (text[..<gap.lowerBound], text[gap.upperBound...])
        guard let before = head.isEmpty ? [] : groups(head, mayEndInV4: false),
            let after = tail.isEmpty ? [] : groups(tail), before.count + after.count <= 14
        else { return nil }
        return before + Array(repeating: 0, count: 16 - before.count - after.count) + after
    }

    private static func groups(_ text: Substring, mayEndInV4: Bool = true) -> [UInt8]? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if mayEndInV4, index == parts.count - 1, let address = v4(part) {
                bytes += address
                continue
            }
            guard (1...4).contains(part.utf8.count),
                part.utf8.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
                let group = UInt16(part, radix: 16)
            else { return nil }
            bytes += [UInt8(group >> 8), UInt8(group & 255)]
        }
        return bytes
    }
}
