import NIOHTTP1

/// Which of the header fields that an answer depends on a request has. They are looked for in one pass over the header:
/// most requests have one or two of them, and to ask the header for each by its name costs more than the rest of the
/// decision.
struct RequestFields {
    struct Names: OptionSet {
        let rawValue: UInt8

        /// `Host` more than once.
        static let severalHosts = Names(rawValue: 1 << 0)
        static let range = Names(rawValue: 1 << 1)
        static let acceptEncoding = Names(rawValue: 1 << 2)
        /// One that `Preconditions.evaluate` looks at.
        static let condition = Names(rawValue: 1 << 3)
        static let contentLength = Names(rawValue: 1 << 4)
        static let transferEncoding = Names(rawValue: 1 << 5)
        static let upgrade = Names(rawValue: 1 << 6)
    }

    private var names: Names = []
    /// The value of the first `Host`.
    private(set) var host: String?

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            switch name.utf8.count {
            case 4 where name.isField("host"):
                if host == nil { host = value } else { names.insert(.severalHosts) }
            case 5 where name.isField("range"): names.insert(.range)
            case 7 where name.isField("upgrade"): names.insert(.upgrade)
            case 8 where name.isField("if-match"): names.insert(.condition)
            case 13 where name.isField("if-none-match"): names.insert(.condition)
            case 14 where name.isField("content-length"): names.insert(.contentLength)
            case 15 where name.isField("accept-encoding"): names.insert(.acceptEncoding)
            case 17 where name.isField("if-modified-since"): names.insert(.condition)
            case 17 where name.isField("transfer-encoding"): names.insert(.transferEncoding)
            case 19 where name.isField("if-unmodified-since"): names.insert(.condition)
            default: break
            }
        }
    }

    func has(_ name: Names) -> Bool { names.contains(name) }
}

extension String {
    /// Whether this is a field's name, in any case (RFC 9110 section 5.1).
    /// - Parameter lowercase: the name in lowercase.
    fileprivate func isField(_ lowercase: String) -> Bool {
        utf8.elementsEqual(lowercase.utf8) { byte, expected in
            byte == expected || ((0x41...0x5a).contains(byte) && byte | 0x20 == expected)
        }
    }
}
