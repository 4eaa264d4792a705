import FDLCore

/// The page that a browser shows at the worker's address: what there is, who signed it, and how to fetch it. It works
/// without a script, and has no markup of anybody else's.
struct FrontPage {
    let selection: PageSelection
    let request: PageRequest
    /// How to reach this worker; its site is `https://HOST` if the client did not say a usable one.
    let commands: PageCommands

    /// The address of this worker as the client calls it.
    /// - Parameter host: the request's `Host`, not yet checked.
    static func site(host: String?) -> String { "https://" + (host.flatMap { isHost($0) ? $0 : nil } ?? "HOST") }

    var html: String {
        let title = request.name.map { "\($0): signed download" } ?? "Signed downloads"
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(escaped(title))</title>
            <style>\(PageStyle.css)</style>
            </head>
            <body>
            <header>
            <h1>\(request.name == nil ? "Signed downloads" : "<a href=\"/\">Signed downloads</a>")</h1>
            \(introduction)
            </header>
            <main>
            \(body)
            </main>
            <footer>fdl \(Product.version)</footer>
            </body>
            </html>

            """
    }

    // MARK: Parts

    private var introduction: String {
        if isEmpty {
            return """
                <p>This server has no manifest yet: run <code>fdl-sign manifest PATH</code> in the directory it \
                serves.</p>
                """
        }
        return """
            <p>Files in chunks, each checked by <code>fdl-secure</code> against a manifest that the publisher has \
            signed. Compare a publisher’s key with what the publisher says elsewhere: a server could show any.</p>
            \(form)
            """
    }

    private var isEmpty: Bool { selection.items.isEmpty && request == PageRequest() }

    private var form: String {
        let name = request.name.map { "<input type=\"hidden\" name=\"name\" value=\"\(escaped($0.string))\">" } ?? ""
        return """
            <form method="get" action="/" role="search">\(name)<label for="q">Names and files with</label>
            <input id="q" name="q" type="search" value="\(escaped(request.filter))"><button>Show</button></form>
            """
    }

    private var body: String {
        var parts = selection.items.map(article)
        if selection.items.isEmpty, !isEmpty { parts.append("<p>Nothing here fits.</p>") }
        if selection.left > 0 {
            parts.append("<p class=\"dim\">And \(selection.left) more: say a part of the name above.</p>")
        }
        if selection.isSearchCut {
            parts.append(
                "<p class=\"dim\">There are more files than one search looks at: only some were searched.</p>"
            )
        }
        return parts.joined(separator: "\n")
    }

    private func article(_ item: PageSelection.Item) -> String {
        let manifest = item.publication.manifest
        return """
            <article>
            <h2>\(heading(manifest.name))</h2>
            \(facts(item.publication))
            <h3>Fetch and verify</h3>
            \(fetch(item.publication))
            \(otherWays(item.publication))
            \(files(item))
            </article>
            """
    }

    private func heading(_ name: ManifestName) -> String {
        guard request.name == nil else { return escaped(name.string) }
        var own = PageRequest()
        own.name = name
        return "<a href=\"\(escaped(own.target))\">\(escaped(name.string))</a>"
    }

    private func facts(_ publication: Publication) -> String {
        let manifest = publication.manifest
        let path = "\(TreePath.manifest(FileNames.served(manifest.name)))"
        let count = manifest.files.count
        var rows = [
            ("Version", "\(manifest.version)"),
            ("Size", "\(byteText(manifest.totalBytes)), \(count) \(count == 1 ? "file" : "files")"),
            ("Signed", time(manifest.created)),
            ("Expires", manifest.expires.map(time) ?? "never"),
        ]
        rows.append(("By", signer(publication)))
        rows.append(
            (
                "Documents",
                "<a href=\"\(escaped(path))\">manifest</a>"
                    + (publication.signer == nil
                        ? "" : ", <a href=\"\(escaped(FileNames.signature(of: path)))\">signature</a>")
            )
        )
        return "<dl>" + rows.map { "<dt>\($0.0)</dt><dd>\($0.1)</dd>" }.joined(separator: "\n") + "</dl>"
    }

    private func signer(_ publication: Publication) -> String {
        guard let signer = publication.signer else { return "<span class=\"warn\">nobody yet</span>" }
        let id = "key <code>\(signer.keyID)</code>"
        guard let key = signer.publicKey else {
            return "\(id), <span class=\"warn\">which is not on this server: ask the publisher for it</span>"
        }
        return "\(id), <code>\(escaped(key))</code>"
    }

    private func fetch(_ publication: Publication) -> String {
        guard let signer = publication.signer else {
            return "<p class=\"warn\">Not signed: run <code>fdl-sign manifest</code> again with a key.</p>"
        }
        return block([commands.fetch(publication.manifest, key: signer.publicKey ?? "publisher.pub")])
    }

    private func otherWays(_ publication: Publication) -> String {
        let manifest = publication.manifest
        var lines: [[String]]
        if manifest.isSingleFile {
            let (path, name) = (publication.published.path(ofFile: 0), manifest.files[0].path.string)
            let digest = publication.published.digest(ofFile: 0)
            lines = [[commands.curl(path, as: name)], [commands.aria2(path, as: name, digest)]]
            if let digest { lines.append([commands.check(name, digest)]) }
        } else if manifest.files.count <= PageLists.mostFiles {
            lines = [commands.folder(manifest.name)]
        } else {
            return ""
        }
        return """
            <details><summary>With curl, aria2 and sha256sum: nobody checks who signed</summary>
            \(lines.map(block).joined(separator: "\n"))
            </details>
            """
    }

    private func files(_ item: PageSelection.Item) -> String {
        let rows = item.files.map { file in
            let entry = item.publication.manifest.files[file]
            let link = "\(TreePath.file(item.publication.published.path(ofFile: file)))"
            return "<li><a href=\"\(escaped(link))\">\(escaped(entry.path.string))</a>"
                + "<span>\(byteText(entry.size))</span></li>"
        }
        var parts = ["<ul>\(rows.joined(separator: "\n"))</ul>"]
        let first = request.name == nil ? 0 : request.from
        let after = item.matching - first - item.files.count
        if request.name == nil {
            if after > 0 { parts.append(link(from: 0, of: item, "All \(item.matching) files")) }
        } else {
            if first > 0 { parts.append(link(from: first - PageSelection.filesAlone, of: item, "Files before these")) }
            if after > 0 { parts.append(link(from: first + item.files.count, of: item, "\(after) more files")) }
        }
        return parts.joined(separator: "\n")
    }

    private func link(from: Int, of item: PageSelection.Item, _ text: String) -> String {
        var other = request
        other.name = item.publication.manifest.name
        other.from = max(0, from)
        return "<p><a href=\"\(escaped(other.target))\">\(text)</a></p>"
    }

    private func block(_ lines: [String]) -> String {
        "<pre><code>\(escaped(lines.joined(separator: "\n")))</code></pre>"
    }

    private func time(_ time: UTCTime) -> String {
        let text = "\(time)"
        let words = text.dropLast().replacing("T", with: " ")
        return "<time datetime=\"\(text)\">\(words) UTC</time>"
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

    private func escaped(_ text: String) -> String {
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
