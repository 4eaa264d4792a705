import FDLCore

/// The value of a `Host` field (RFC 9110 section 7.2, RFC 3986 section 3.2): a host, and a port if there is a colon.
enum HostField {
    /// Whether a value is one host. An empty one is allowed, for targets without an authority; a comma is not, since
    /// proxies join the values of several fields with it.
    static func isValid(_ value: String) -> Bool {
        isPlain(value) || isOfForm(value)
    }

    /// Whether a value is a name of letters, digits, dots and hyphens, with or without a port: nearly all are.
    private static func isPlain(_ value: String) -> Bool {
        var port: Int?
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                guard let digits = port else { continue }
                port = digits * 10 + Int(byte - UInt8(ascii: "0"))
                if digits > UInt16.max { return false }
            case UInt8(ascii: ":") where port == nil: port = 0
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."),
                UInt8(ascii: "-"):
                if port != nil { return false }
            default: return false
            }
        }
        return port ?? 0 <= UInt16.max
    }

    /// The rule in full. What is plain is of this form.
    static func isOfForm(_ value: String) -> Bool {
        let bytes = Array(value.utf8)
        let portColon: Int?
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")),
                isAddressLiteral(bytes[1..<end]),
                end + 1 == bytes.endIndex || bytes[end + 1] == UInt8(ascii: ":")
            else { return false }
            portColon = end + 1 == bytes.endIndex ? nil : end + 1
        } else {
            portColon = bytes.firstIndex(of: UInt8(ascii: ":"))
            guard isName(bytes[..<(portColon ?? bytes.endIndex)]) else { return false }
        }
        return portColon.map { isPort(bytes[($0 + 1)...]) } ?? true
    }

    private static func isAddressLiteral(_ bytes: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        return text.contains(":") && IPAddress.bytes(of: text) != nil
    }

    private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                continue
            case UInt8(ascii: "%"):
                guard rest.popFirst().map(isHexDigit) == true, rest.popFirst().map(isHexDigit) == true else {
                    return false
                }
            default:
                guard "-._~!$&'()*+;=".utf8.contains(byte) else { return false }
            }
        }
        return true
    }

    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return bytes.isEmpty || UInt16(String(decoding: bytes, as: UTF8.self)) != nil
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool { Character(Unicode.Scalar(byte)).isHexDigit }
}
