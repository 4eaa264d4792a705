import FDLCore
import FDLSystem

/// RFC 5854, for aria2c, with the digests of our manifests as the pieces'.
extension Place {
    func metalink(of input: String) -> String { "\(root)/\(input).meta4" }

    func makeMetalinks() throws {
        for (input, path) in [("large", ""), ("folder", "folder/")] {
            let manifest = try Manifest(parsing: try WholeFile.read(manifest(of: input), limit: Manifest.maximumBytes))
            let text = Self.metalink(manifest, at: mirrors.map { "\($0.url)/\(path)" })
            try WholeFile.replace(metalink(of: input), with: Array(text.utf8), mode: 0o644)
        }
    }

    private static func metalink(_ manifest: Manifest, at mirrors: [String]) -> String {
        var text = #"<?xml version="1.0" encoding="UTF-8"?><metalink xmlns="urn:ietf:params:xml:ns:metalink">"#
        for (number, file) in manifest.files.enumerated() {
            let path = file.path.string
            text += """

                <file name="\(path)"><size>\(file.size)</size>
                <pieces length="\(manifest.chunkSize.bytes)" type="sha-256">

                """
            for digest in manifest.digests[manifest.layout.chunks(ofFile: number)] {
                text += "<hash>\(digest.hex)</hash>\n"
            }
            text += "</pieces>\n"
            for mirror in mirrors { text += "<url>\(mirror)\(path)</url>\n" }
            text += "</file>"
        }
        return text + "\n</metalink>\n"
    }
}
