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
    /// `/publishers/NAME/VERSION.json`, or a signature of it: who may sign.
    case publisher(name: String, file: String)
    /// `/files/PATH`: a whole file. That the path is a safe one is not said.
    case file(String)

    /// The folders of the tree.
    package static let manifests = "manifests/"
    package static let chunks = "chunks/"
    package static let files = "files/"
    package static let publishers = "publishers/"
    private static let healthName = "healthz"

    /// Reads a path from its first `/` on, its percent-encoding undone.
    /// - Returns: nil where the tree has no such path.
    package init?(_ path: String) {
        var path = path
        guard let read = path.withUTF8({ TreePath(utf8: $0) }) else { return nil }
        self = read
    }

    /// Reads a path from its first `/` on, its percent-encoding undone.
    /// - Parameter path: the bytes of a string: they are not checked to be UTF-8.
    /// - Returns: nil where the tree has no such path.
    package init?(utf8 path: UnsafeBufferPointer<UInt8>) {
        guard let relative = path.part(behind: "/") else { return nil }
        if relative.isEmpty {
            self = .frontPage
        } else if let name = relative.part(behind: Self.chunks) {
            guard let digest = Self.digest(name) else { return nil }
            self = .chunk(digest)
        } else if let path = relative.part(behind: Self.files), !path.isEmpty {
            self = .file(String(decoding: path, as: UTF8.self))
        } else if let name = relative.part(behind: Self.manifests) {
            guard !name.isEmpty, !name.contains(UInt8(ascii: "/")) else { return nil }
            let isIndex = name.elementsEqual(FileNames.index.utf8)
            self = isIndex ? .index : .manifest(String(decoding: name, as: UTF8.self))
        } else if let path = relative.part(behind: Self.publishers) {
            guard let (name, file) = Self.publisher(String(decoding: path, as: UTF8.self)) else { return nil }
            self = .publisher(name: name, file: file)
        } else if relative.elementsEqual(Self.healthName.utf8) {
            self = .health
        } else {
            return nil
        }
    }

    /// `NAME/VERSION.json` or the name of one of its signatures: nothing else that lies there is anybody's business.
    private static func publisher(_ path: String) -> (name: String, file: String)? {
        let parts = pathParts(path)
        guard parts.count == 2, parts.joined(separator: "/") == path, ManifestName.isSpelled(parts[0]) else {
            return nil
        }
        let document = FileNames.signed(bySignature: parts[1])?.document ?? parts[1]
        let suffix = FileNames.servedManifestSuffix
        let version = document.utf8.dropLast(suffix.utf8.count)
        guard document.utf8.ends(with: suffix), (1...16).contains(version.count), version.first != UInt8(ascii: "0"),
            version.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return (parts[0], parts[1])
    }

    /// The path below the tree's root, percent-encoded: what follows a worker's URL.
    package var relative: String {
        switch self {
        case .frontPage: return ""
        case .health: return Self.healthName
        case .index: return Self.manifests + FileNames.index
        case .manifest(let name): return Self.manifests + Self.percentEncoded(name)
        case .chunk(let digest):
            return String(unsafeUninitializedCapacity: Self.chunks.utf8.count + 67) { text in
                let start = text.update(fromContentsOf: Self.chunks.utf8)
                let hex = UnsafeMutableBufferPointer(rebasing: text[(start + 3)...])
                let count = digest.writeHex(to: hex)
                (text[start], text[start + 1], text[start + 2]) = (hex[0], hex[1], UInt8(ascii: "/"))
                return start + 3 + count
            }
        case .publisher(let name, let file): return Self.publishers + Self.percentEncoded("\(name)/\(file)")
        case .file(let path): return Self.files + Self.percentEncoded(path)
        }
    }

    /// RFC 3986 section 3.3: a path's segments, everything but unreserved characters encoded.
    package static func percentEncoded(_ path: String) -> String {
        if path.utf8.allSatisfy(isUnreserved) { return path }
        var result = ""
        for byte in path.utf8 {
            if isUnreserved(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + Hex.string([byte]).uppercased()
            }
        }
        return result
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    /// Undoes percent-encoding.
    /// - Returns: nil for a bad escape, or what is not UTF-8.
    package static func percentDecoded(_ path: some StringProtocol) -> String? {
        if !path.utf8.contains(UInt8(ascii: "%")) { return String(path) }
        var path = String(path)
        return path.withUTF8 { percentDecoded(utf8: $0) }
    }

    /// Undoes percent-encoding.
    /// - Returns: nil for a bad escape, or what is not UTF-8.
    package static func percentDecoded(utf8 path: UnsafeBufferPointer<UInt8>) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(path.count)
        var index = 0
        while index < path.count {
            guard path[index] == UInt8(ascii: "%") else {
                bytes.append(path[index])
                index += 1
                continue
            }
            guard index + 2 < path.count, let high = Hex.valueOfAnyCase(path[index + 1]),
                let low = Hex.valueOfAnyCase(path[index + 2])
            else { return nil }
            bytes.append(high << 4 | low)
            index += 3
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// `ab/abcdef…`: the two digits must be the digest's first.
    private static func digest(_ name: UnsafeBufferPointer<UInt8>) -> SHA256Digest? {
        guard name.count > 4, name[2] == UInt8(ascii: "/"), name[0] == name[3], name[1] == name[4] else { return nil }
        return SHA256Digest(hex: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: name[3...])))
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// By bytes: a combining mark after the slash would make another character of it.
    fileprivate func part(behind prefix: String) -> UnsafeBufferPointer<UInt8>? {
        guard starts(with: prefix.utf8) else { return nil }
        return UnsafeBufferPointer(rebasing: self[prefix.utf8.count...])
    }
}

extension TreePath {
    /// Where the files of a manifest lie in a tree that was published, not percent-encoded: a folder's have a directory
    /// of their own.
    package static func files(of manifest: Manifest) -> String {
        manifest.isSingleFile ? files : "\(files)\(manifest.name)/"
    }
}

extension TreePath: CustomStringConvertible {
    /// The path from its first `/` on, percent-encoded.
    package var description: String { "/" + relative }
}
