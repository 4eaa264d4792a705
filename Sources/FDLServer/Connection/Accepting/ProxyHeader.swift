import FDLCore

/// What a proxy says of the client for whom it connects: the PROXY protocol, versions 1 and 2
/// (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt).
struct ProxyHeader: Equatable {
    /// The client's address and port; nil where the proxy connects for itself, or does not say.
    let client: Client?
    /// The bytes that the header takes.
    let length: Int

    struct Client: Equatable, CustomStringConvertible {
        let address: ClientAddress
        let port: UInt16

        var description: String { address.bytes.count == 16 ? "[\(address)]:\(port)" : "\(address):\(port)" }
    }

    enum Outcome: Equatable {
        case header(ProxyHeader)
        /// What there is could be the beginning of one.
        case incomplete
        case invalid
    }

    /// The longest header that is taken: of version 1 107 bytes, of version 2 with what a proxy may add to it.
    static let maximumBytes = 4096
    private static let maximumText = 107
    private static let signature: [UInt8] = [
        0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,
    ]
    private static let word = Array("PROXY ".utf8)

    /// - Parameter bytes: what has come so far.
    static func parse(_ bytes: [UInt8]) -> Outcome {
        if agree(bytes, signature) { return parseBinary(bytes) }
        return agree(bytes, word) ? parseText(bytes) : .invalid
    }

    /// Whether one is the other's beginning.
    private static func agree(_ bytes: [UInt8], _ expected: [UInt8]) -> Bool {
        zip(bytes, expected).allSatisfy { $0 == $1 }
    }

    // MARK: Version 1: a line of text

    private static func parseText(_ bytes: [UInt8]) -> Outcome {
        let line = bytes.prefix(maximumText)
        guard let end = line.firstIndex(of: UInt8(ascii: "\n")) else {
            return bytes.count < maximumText ? .incomplete : .invalid
        }
        guard end > 0, line[end - 1] == UInt8(ascii: "\r"),
            let text = String(validating: line[..<(end - 1)], as: UTF8.self)
        else { return .invalid }
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let length = end + 1
        if words.count >= 2, words[1] == "UNKNOWN" { return .header(ProxyHeader(client: nil, length: length)) }
        guard words.count == 6, let size = ["TCP4": 4, "TCP6": 16][words[1]],
            let source = IPAddress.bytes(of: words[2]), source.count == size,
            let target = IPAddress.bytes(of: words[3]), target.count == size,
            let port = port(words[4]), self.port(words[5]) != nil
        else { return .invalid }
        return .header(
            ProxyHeader(client: Client(address: ClientAddress(bytes: source), port: port), length: length)
        )
    }

    private static func port(_ text: String) -> UInt16? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text == "0" || !text.hasPrefix("0") else {
            return nil
        }
        return UInt16(text)
    }

    // MARK: Version 2: binary

    private static func parseBinary(_ bytes: [UInt8]) -> Outcome {
        guard bytes.count >= 16 else {
            // What is wrong already need not be waited for.
            return bytes.count > 12 && bytes[12] >> 4 != 2 ? .invalid : .incomplete
        }
        let (version, command) = (bytes[12] >> 4, bytes[12] & 0xf)
        let rest = Int(bytes[14]) << 8 | Int(bytes[15])
        let length = 16 + rest
        guard version == 2, command <= 1, length <= maximumBytes else { return .invalid }
        guard bytes.count >= length else { return .incomplete }
        // The proxy itself: a check of its own.
        if command == 0 { return .header(ProxyHeader(client: nil, length: length)) }
        let size: Int
        switch bytes[13] {
        case 0x11: size = 4
        case 0x21: size = 16
        // A family that is no TCP over IP: the header counts, the addresses do not.
        case 0x00, 0x12, 0x22, 0x31, 0x32: return .header(ProxyHeader(client: nil, length: length))
        default: return .invalid
        }
        guard rest >= 2 * size + 4 else { return .invalid }
        let source = Array(bytes[16..<(16 + size)])
        let portAt = 16 + 2 * size
        let port = UInt16(bytes[portAt]) << 8 | UInt16(bytes[portAt + 1])
        return .header(
            ProxyHeader(client: Client(address: ClientAddress(bytes: source), port: port), length: length)
        )
    }
}
