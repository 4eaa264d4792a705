/// A header field that tells a source who asks (RFC 9110 section 5): a token, a login, a cookie.
public struct SecretField: Hashable, Sendable {
    public let name: String
    public let value: SecretText

    /// The most bytes of one field.
    package static let maximumBytes = 8 << 10
    /// The most fields that one reader may give.
    package static let maximumCount = 32

    /// Reads `NAME: VALUE`.
    /// - Throws: `SecretFieldError`: the first rule that the text breaks.
    public init(_ text: String) throws(SecretFieldError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maximumBytes else { throw .tooLong }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { throw .noColon }
        let name = bytes[..<colon]
        guard !name.isEmpty, name.allSatisfy(Self.isToken) else { throw .invalidName }
        let rest = bytes[(colon + 1)...]
        // A line break would start another field, or another request (RFC 9112 section 11.1).
        guard rest.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7f }) else { throw .controlCharacter }
        let value = rest.drop(while: Self.isBlank).reversed().drop(while: Self.isBlank).reversed()
        guard !value.isEmpty else { throw .noValue }
        self.name = String(decoding: name, as: UTF8.self)
        self.value = SecretText(String(decoding: value, as: UTF8.self))
        let lower = self.name.lowercased()
        guard !Self.own.contains(lower), !lower.hasPrefix("proxy-"), !lower.hasPrefix("if-") else {
            throw .own(name: self.name)
        }
    }

    /// A field that the client makes itself, without the checks.
    init(name: String, value: SecretText) {
        self.name = name
        self.value = value
    }

    /// A token as a registry is shown it (RFC 6750 section 2.1).
    package static func bearer(_ token: SecretText) -> SecretField {
        SecretField(name: "Authorization", value: SecretText("Bearer " + token.revealed))
    }

    /// Fields that the client writes itself, that belong to one connection, or that change what a response contains.
    private static let own: Set<String> = [
        "accept-encoding", "cache-control", "connection", "content-encoding", "content-length", "content-type", "date",
        "expect", "host", "keep-alive", "range", "te", "trailer", "transfer-encoding", "upgrade",
    ]

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// RFC 9110 section 5.6.2.
    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: Array("!#$%&'*+-.^_`|~".utf8).contains(byte)
        }
    }
}

/// Why a text cannot be sent as a header field. The text itself is not part of it, because all of it may be secret.
public enum SecretFieldError: Error, Hashable, Sendable, CustomStringConvertible {
    case noColon, invalidName, noValue, controlCharacter, tooLong
    /// A field that a reader cannot set.
    case own(name: String)

    public var description: String {
        switch self {
        case .noColon: "it has no colon between a name and a value"
        case .invalidName: "the text before the colon is not the name of a header field"
        case .noValue: "its value is empty"
        case .controlCharacter: "it contains a line break or another control character"
        case .tooLong: "it is longer than \(SecretField.maximumBytes) bytes"
        case .own(let name): "\(name) cannot be set"
        }
    }
}
