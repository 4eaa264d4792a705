/// What a request asks for: the tree of paths that a worker has.
enum RequestTarget: Equatable {
    case frontPage
    case health
    /// `NAME.json`, `NAME.json.minisig` or a manifest's own file name.
    case manifest(String)
    /// The 64 digits, not yet checked.
    case chunk(String)
    /// A path below the root.
    case file(String)
    case unknown

    /// Reads the request target of RFC 9112 section 3.2, origin-form or absolute-form. A query is ignored.
    /// - Returns: nil where it is malformed: neither form, a bad percent escape, or not UTF-8.
    init?(_ target: String) {
        guard let path = Self.path(target), let decoded = Self.decoded(path) else { return nil }
        if decoded == "/" {
            self = .frontPage
        } else if decoded == "/healthz" {
            self = .health
        } else if let name = decoded.removing(prefix: "/manifests/"), !name.utf8.contains(UInt8(ascii: "/")) {
            self = .manifest(String(name))
        } else if let name = decoded.removing(prefix: "/chunks/"), let digest = Self.digest(name) {
            self = .chunk(digest)
        } else if let path = decoded.removing(prefix: "/files/"), Self.isServable(path) {
            self = .file(String(path))
        } else {
            self = .unknown
        }
    }

    /// Whether a path below the root may be served at all: every part is a name, none is hidden or an unfinished
    /// download, and the last is not a private key.
    static func isServable(_ path: some StringProtocol) -> Bool {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let areNames = parts.allSatisfy { part in
            !part.isEmpty && part.first != UInt8(ascii: ".") && part.count <= 255
        }
        return areNames && !path.utf8.contains(0) && !isPrivate(path)
    }

    /// Whether a path is a private key or an unfinished download by its name.
    static func isPrivate(_ path: some StringProtocol) -> Bool {
        path.lowercased().hasSuffix(".key") || isUnfinished(path)
    }

    /// Whether a path is an unfinished download, or lies in one, by its name.
    static func isUnfinished(_ path: some StringProtocol) -> Bool {
        path.lowercased().utf8.split(separator: UInt8(ascii: "/")).contains { part in
            part.suffix(9).elementsEqual(".fdl-part".utf8)
        }
    }

    private static func path(_ target: String) -> Substring? {
        var rest = target[...]
        if !rest.hasPrefix("/") {
            guard let scheme = rest.firstRange(of: "://"), scheme.lowerBound != rest.startIndex else { return nil }
            rest = rest[scheme.upperBound...]
            guard let slash = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
            rest = rest[slash...]
            if rest.hasPrefix("?") { return "/" }
        }
        return rest.prefix { $0 != "?" && $0 != "#" }
    }

    private static func decoded(_ path: Substring) -> String? {
        if !path.utf8.contains(UInt8(ascii: "%")) { return String(path) }
        var bytes: [UInt8] = []
        var rest = path.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        Character(Unicode.Scalar(digit)).hexDigitValue.map(UInt8.init)
    }

    /// `ab/abcdef…`: the two digits must be the digest's first.
    private static func digest(_ name: Substring) -> String? {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 2, parts[1].starts(with: parts[0]) else { return nil }
        return String(Substring(parts[1]))
    }
}

extension String {
    fileprivate func removing(prefix: String) -> Substring? {
        // By bytes: a combining mark behind the slash would make another character of it.
        utf8.starts(with: prefix.utf8) ? self[utf8.index(startIndex, offsetBy: prefix.utf8.count)...] : nil
    }
}
