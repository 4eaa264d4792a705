import FDLCore

/// The lines that people paste into a terminal to fetch what a page shows.
struct PageCommands {
    /// `https://HOST`, without a slash at its end.
    let site: String
    /// What a reader needs to trust the server's certificate, as an option of `fdl-secure`; nil if any system does.
    let trust: String?

    /// - Parameter key: the publisher's public key, or the file that a reader has to have it in.
    func fetch(_ manifest: Manifest, key: String) -> String {
        let url = "\(site)\(TreePath.manifest(FileNames.served(manifest.name)))"
        return (["fdl-secure get", url, "--publisher-key", key] + (trust.map { [$0] } ?? [])).joined(separator: " ")
    }

    /// - Parameter path: relative to the root.
    func curl(_ path: String, as name: String) -> String {
        "curl -f -C - -o \(shellWord(name)) \(site)\(TreePath.file(path))"
    }

    func aria2(_ path: String, as name: String, _ digest: SHA256Digest?) -> String {
        let checksum = digest.map { " --checksum=sha-256=\($0.hex)" } ?? ""
        return "aria2c -c -x4 -s4\(checksum) -o \(shellWord(name)) \(site)\(TreePath.file(path))"
    }

    func check(_ name: String, _ digest: SHA256Digest) -> String {
        "echo \(shellWord("\(digest.hex)  \(name)")) | sha256sum -c"
    }

    /// Lines for a folder: all files by aria2, then their check.
    func folder(_ name: ManifestName) -> [String] {
        var request = PageRequest()
        request.name = name
        request.list = .aria2
        let list = "curl -fsS \(shellWord(site + request.target))"
        request.list = .sha256sums
        let sums = "curl -fsS \(shellWord(site + request.target))"
        return ["\(list) | aria2c -c -i - -d \(name)", "cd \(name) && \(sums) | sha256sum -c"]
    }
}

/// Lists of a publication's files for programs. What is in them is as trustworthy as the connection: the signed manifest
/// alone says what the publisher meant.
enum PageLists {
    /// Longer ones are not made.
    static let mostFiles = 10_000

    static func text(_ list: PageRequest.List, of published: PublishedManifest, site: String) -> String? {
        let files = published.manifest.files
        guard files.count <= mostFiles else { return nil }
        var text = ""
        for (number, file) in files.enumerated() {
            let digest = published.digest(ofFile: number)
            switch list {
            case .sha256sums:
                if let digest { text += "\(digest.hex)  \(file.path.string)\n" }
            case .aria2:
                text += "\(site)\(TreePath.file(published.path(ofFile: number)))\n  out=\(file.path.string)\n"
                if let digest { text += "  checksum=sha-256=\(digest.hex)\n" }
            }
        }
        return text
    }
}

extension PublishedManifest {
    /// The SHA-256 of one of the files, if the manifest says it.
    func digest(ofFile file: Int) -> SHA256Digest? {
        if let digest = manifest.files[file].sha256 { return digest }
        let chunks = layout.chunks(ofFile: file)
        return chunks.count == 1 ? manifest.digests[chunks.lowerBound] : nil
    }
}
