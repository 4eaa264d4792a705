import FDLCore

/// The page that a browser shows at the worker's address.
enum FrontPage {
    /// - Parameter host: the request's `Host`, not yet checked.
    static func html(_ manifests: [PublishedManifest], host: String?) -> String {
        let host = host.flatMap { isHost($0) ? $0 : nil } ?? "HOST"
        var seen: Set<ManifestName> = []
        // Newest first; older versions of the same name are not offered.
        let offered = manifests.filter { seen.insert($0.manifest.name).inserted }.prefix(1000)
        var page = """
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><title>fdl</title></head>
            <body>
            <h1>Signed downloads</h1>
            <p>This server hands out files in chunks, each checked against a signed manifest by the one who fetches it.
            </p>

            """
        if offered.isEmpty {
            page +=
                "<p>It has no manifest yet: run <code>fdl-sign manifest PATH</code> in the directory it serves.</p>\n"
        }
        for published in offered {
            let manifest = published.manifest
            let fileName = FileNames.served(manifest.name)
            let path = escaped("\(TreePath.manifest(fileName))")
            let signature = escaped("\(TreePath.manifest(FileNames.signature(of: fileName)))")
            page += """
                <h2>\(escaped(manifest.name.string))</h2>
                <p>Version \(manifest.version), \(manifest.files.count) \(manifest.files.count == 1 ? "file" : "files"),
                \(manifest.totalBytes) bytes, signed \(manifest.created).
                <a href="\(path)">Manifest</a>, <a href="\(signature)">signature</a>.
                </p>
                <pre>fdl-secure get https://\(escaped(host))\(path)</pre>

                """
        }
        return page + "</body>\n</html>\n"
    }

    private static func isHost(_ text: String) -> Bool {
        text.utf8.count <= 260
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: ".-_:[]".utf8.contains(byte)
                }
            }
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }
}
