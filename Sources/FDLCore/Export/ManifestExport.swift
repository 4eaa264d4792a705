/// A manifest in the words of other programs.
package struct ManifestExport: Sendable {
    private let manifest: Manifest
    private let digests: [SHA256Digest?]
    /// What the paths begin with where the manifest is unpacked: a folder's files lie in a directory of its name.
    private let prefix: String

    /// - Parameter digests: those of the whole files that are known besides those in the manifest; by number.
    package init(_ manifest: Manifest, digests: [Int: SHA256Digest] = [:]) {
        self.manifest = manifest
        self.digests = manifest.files.indices.map { digests[$0] ?? manifest.wholeDigest(ofFile: $0) }
        prefix = manifest.isSingleFile ? "" : "\(manifest.name)/"
    }

    // MARK: sha256sum

    /// A line a file, as `sha256sum` writes them and `sha256sum -c` reads them.
    /// - Throws: `ExportError.digestUnknown`
    package func checksums() throws(ExportError) -> String {
        var text = ""
        for (number, file) in manifest.files.enumerated() {
            guard let digest = digests[number] else { throw .digestUnknown(file: number) }
            text += Self.checksumLine(digest, prefix + file.path.string)
        }
        return text
    }

    /// As coreutils has it: a name with a backslash or the end of a line is escaped, and a backslash before the line says
    /// so.
    static func checksumLine(_ digest: SHA256Digest, _ name: String) -> String {
        var escaped = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return "\(escaped.utf8.count == name.utf8.count ? "" : "\\")\(digest.hex)  \(escaped)\n"
    }

    // MARK: Metalink

    /// A Metalink 4 document (RFC 5854).
    ///
    /// The digests of pieces are given for a single file, and for files of which no other digest is known.
    /// - Parameters:
    ///   - filesAt: URLs under which the files lie, as `filesPrefix` has it, to be tried before the manifest's sources.
    ///   - mostPieces: how many digests of pieces are listed at most.
    /// - Throws: `ExportError.notInXML` or `.tooManyPieces`
    package func metalink(filesAt: [String], mostPieces: Int = .max) throws(ExportError) -> String {
        let bases = bases(filesAt)
        var text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <metalink xmlns="urn:ietf:params:xml:ns:metalink">
              <generator>fdl/\(Product.version)</generator>
              <published>\(manifest.created)</published>

            """
        var pieces = 0
        for (number, file) in manifest.files.enumerated() {
            let name = prefix + file.path.string
            guard let shown = Self.escaped(name) else { throw .notInXML(path: name) }
            text += "  <file name=\"\(shown)\">\n    <size>\(file.size)</size>\n"
            if let version = Self.escaped("\(manifest.version)") { text += "    <version>\(version)</version>\n" }
            if let digest = digests[number] { text += "    <hash type=\"sha-256\">\(digest)</hash>\n" }
            let chunks = manifest.layout.chunks(ofFile: number)
            let isListed = digests[number] == nil || manifest.isSingleFile && pieces + chunks.count <= mostPieces
            if isListed, !chunks.isEmpty {
                pieces += chunks.count
                guard pieces <= mostPieces else { throw .tooManyPieces }
                text += "    <pieces length=\"\(manifest.chunkSize.bytes)\" type=\"sha-256\">\n"
                for digest in manifest.digests[chunks] { text += "      <hash>\(digest)</hash>\n" }
                text += "    </pieces>\n"
            }
            let path = TreePath.percentEncoded(file.path.string)
            for (place, base) in bases.enumerated() {
                guard let url = Self.escaped(base + path) else { throw .notInXML(path: base) }
                text += "    <url priority=\"\(place + 1)\">\(url)</url>\n"
            }
            text += "  </file>\n"
        }
        return text + "</metalink>\n"
    }

    /// The URLs that the files' paths follow: those given, then the manifest's sources in their order.
    private func bases(_ given: [String]) -> [String] {
        var bases: [String] = []
        for base in given where !bases.contains(base) { bases.append(base) }
        for source in manifest.sources {
            let base: String
            switch source.kind {
            case .worker: base = "\(source.url)\(TreePath.percentEncoded(TreePath.files(of: manifest)))"
            case .mirror: base = "\(source.url)"
            // It has chunks and no files.
            case .oci: continue
            }
            if !bases.contains(base) { bases.append(base) }
        }
        return bases
    }

    /// A text as XML 1.0 has it, also in quotes.
    /// - Returns: nil if it has a character that XML cannot express (section 2.2).
    static func escaped(_ text: String) -> String? {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&apos;"
            // As they are, an attribute's value would have spaces in their place.
            case "\t", "\n", "\r": result += "&#\(scalar.value);"
            case "\u{0}"..<"\u{20}", "\u{fffe}", "\u{ffff}": return nil
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Manifest {
    /// The digest of no bytes.
    private static let emptyDigest = SHA256Digest(
        hex: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )

    /// The digest of a whole file, if the manifest gives it or it has one chunk at most.
    package func wholeDigest(ofFile file: Int) -> SHA256Digest? {
        if let digest = files[file].sha256 { return digest }
        let chunks = layout.chunks(ofFile: file)
        if chunks.isEmpty { return Self.emptyDigest }
        return chunks.count == 1 ? digests[chunks.lowerBound] : nil
    }
}
