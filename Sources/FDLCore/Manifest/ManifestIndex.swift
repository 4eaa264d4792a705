/// Which manifests a tree has: `/manifests/index.json`, `fdl-index-v1` (`docs/formats.md`).
///
/// Nobody has signed it. It only finds candidates; what a manifest covers is said by the signed manifest itself.
package struct ManifestIndex: Sendable, Equatable {
    /// The value of `format` that this code reads and writes.
    package static let format = "fdl-index-v1"
    /// The most bytes an index has.
    package static let maximumBytes = 1 << 20
    private static let end = Array("\n  ]\n}\n".utf8)

    /// One manifest of the tree.
    package struct Entry: Sendable, Equatable {
        package let name: ManifestName
        package let version: Int64
        /// Where the manifest's files lie: relative to the tree, percent-encoded, with `/` at its end.
        package let files: String

        package init(name: ManifestName, version: Int64, files: String) {
            self.name = name
            self.version = version
            self.files = files
        }
    }

    package let entries: [Entry]

    package init(_ entries: [Entry]) {
        self.entries = entries
    }

    /// The index's text, an entry a line. Entries that do not fit are left out, from the first such one on.
    package func encoded() -> [UInt8] {
        var out = Array("{\n  \"format\": \"\(Self.format)\",\n  \"manifests\": [".utf8)
        for (number, entry) in entries.enumerated() {
            var line = Array((number == 0 ? "\n    {\"name\": " : ",\n    {\"name\": ").utf8)
            JSONText.append(entry.name.string, to: &line)
            line += Array(", \"version\": \(entry.version), \"files\": ".utf8)
            JSONText.append(entry.files, to: &line)
            line.append(UInt8(ascii: "}"))
            guard out.count + line.count + Self.end.count <= Self.maximumBytes else { break }
            out += line
        }
        return out + Self.end
    }

    /// Reads an index. Unknown members are passed over, and so are entries that lack a member or have a wrong one.
    /// - Returns: nil for what is no index.
    package init?(parsing bytes: [UInt8]) {
        guard bytes.count <= Self.maximumBytes else { return nil }
        let entries = bytes.withUnsafeBytes { raw in
            try? Self.entries(in: raw)
        }
        guard let entries else { return nil }
        self.entries = entries
    }

    private static func entries(in bytes: UnsafeRawBufferPointer) throws(ManifestError) -> [Entry] {
        var reader = JSONReader(bytes)
        var format: String?
        var entries: [Entry] = []
        reader.skipWhitespace()
        try reader.object("the index") { (name, reader) throws(ManifestError) in
            switch name {
            case "format": format = try reader.string(name)
            case "manifests":
                try reader.array(name) { (reader) throws(ManifestError) in
                    if let entry = try Self.entry(from: &reader) { entries.append(entry) }
                }
            default: try reader.skipValue()
            }
        }
        try reader.end()
        guard let format else { throw .missingField("format") }
        guard format == Self.format else { throw .wrongFormat(format) }
        return entries
    }

    private static func entry(from reader: inout JSONReader) throws(ManifestError) -> Entry? {
        var name: ManifestName?
        var version: Int64?
        var files: String?
        try reader.object("manifests[]") { (field, reader) throws(ManifestError) in
            switch field {
            case "name": name = ManifestName(try reader.string(field))
            case "version": version = try reader.integer(field)
            case "files": files = try reader.string(field)
            default: try reader.skipValue()
            }
        }
        guard let name, let version, Manifest.allowedVersions.contains(version), let files, isPrefix(files) else {
            return nil
        }
        return Entry(name: name, version: version, files: files)
    }

    private static func isPrefix(_ text: String) -> Bool {
        text.utf8.last == UInt8(ascii: "/") && text.utf8.first != UInt8(ascii: "/")
            && TreePath.percentDecoded(text) != nil
    }
}
