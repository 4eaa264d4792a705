/// One path of the tree that every source of the kind `worker` has, and that is the whole protocol: read by those who
/// serve it and written by those who ask.
package enum TreePath: Hashable, Sendable {
    /// `/`: a page for people.
    case frontPage
    /// `/healthz`
    case health
    /// `/manifests/index.json`: which manifests there are (`ManifestIndex`).
    case index
    /// `/manifests/NAME.json`, `/manifests/NAME.json.minisig` or a manifest's own file name.
    case manifest(String)
    /// `/chunks/ab/abcdef…`
    case chunk(SHA256Digest)
    /// `/files/PATH`: a whole file. That the path is a safe one is not said.
    case file(String)

    /// The folders of the tree.
    package static let manifests = "manifests/"
    private static let chunks = "chunks/"
    package static let files = "files/"
    private static let healthName = "healthz"

    /// Reads a path from its first `/` on, its percent-encoding undone.
    /// - Returns: nil where the tree has no such path.
    package init?(_ path: String) {
        guard let relative = Self.part(of: path[...], behind: "/") else { return nil }
        if relative.isEmpty {
            self = .frontPage
        } else if relative == Self.healthName {
            self = .health
        } else if let name = Self.part(of: relative, behind: Self.manifests) {
            guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "/")) else { return nil }
            self = name.utf8.elementsEqual(FileNames.index.utf8) ? .index : .manifest(String(name))
        } else if let name = Self.part(of: relative, behind: Self.chunks) {
            guard let digest = Self.digest(name) else { return nil }
            self = .chunk(digest)
        } else if let path = Self.part(of: relative, behind: Self.files), !path.isEmpty {
            self = .file(String(path))
        } else {
            return nil
        }
    }

    /// The path below the tree's root, percent-encoded: what follows a worker's URL.
    package var relative: String {
        switch self {
        case .frontPage: return ""
        case .health: return Self.healthName
        case .index: return Self.manifests + FileNames.index
        case .manifest(let name): return Self.manifests + Self.percentEncoded(name)
        case .chunk(let digest):
            let hex = digest.hex
            return "\(Self.chunks)\(hex.prefix(2))/\(hex)"
        case .file(let path): return Self.files + Self.percentEncoded(path)
        }
    }

    /// RFC 3986 section 3.3: a path's segments, everything but unreserved characters encoded.
    package static func percentEncoded(_ path: String) -> String {
        var result = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%" + Hex.string([byte]).uppercased()
            }
        }
        return result
    }

    /// Undoes percent-encoding.
    /// - Returns: nil for a bad escape, or what is not UTF-8.
    package static func percentDecoded(_ path: some StringProtocol) -> String? {
        if !path.utf8.contains(UInt8(ascii: "%")) { return String(path) }
        var bytes: [UInt8] = []
        var rest = Array(path.utf8)[...]
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
    private static func digest(_ name: Substring) -> SHA256Digest? {
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 2, parts[1].starts(with: parts[0]) else { return nil }
        return SHA256Digest(hex: Substring(parts[1]))
    }

    /// By bytes: a combining mark after the slash would make another character of it.
    private static func part(of path: Substring, behind prefix: String) -> Substring? {
        path.utf8.starts(with: prefix.utf8) ? Substring(path.utf8.dropFirst(prefix.utf8.count)) : nil
    }
}

extension TreePath: CustomStringConvertible {
    /// The path from its first `/` on, percent-encoded.
    package var description: String { "/" + relative }
}
