import FDLCore

/// A manifest that may be meant, by what a tree's index says. Nobody has vouched for that.
struct ManifestCandidate: Equatable {
    let tree: SourceURL
    let name: ManifestName
    /// What of the manifest's files was asked for: the path of a file, or of a folder of them; empty for all.
    let path: String

    /// The manifest's URL with the query that goes with each request to the tree.
    var address: String { url + (tree.query.map { "?\($0.revealed)" } ?? "") }

    /// The manifest's URL for people.
    var url: String { "\(tree)\(TreePath.manifest(FileNames.served(name)).relative)" }

    /// Those of an index that may be meant by a reading of a URL.
    static func all(in index: ManifestIndex, for reading: PastedURL.Reading) -> [Self] {
        guard let asked = reading.path.map(withoutTrailingSlashes) else {
            return index.entries.map { Self(tree: reading.tree, name: $0.name, path: "") }
        }
        let places = index.entries.compactMap { entry in
            TreePath.percentDecoded(entry.files).flatMap { part(of: $0, behind: TreePath.files) }
                .map { (name: entry.name, folder: $0) }
        }
        let holding = places.compactMap { place -> (name: ManifestName, folder: String, path: String)? in
            part(of: asked + "/", behind: place.folder)
                .map { (place.name, place.folder, withoutTrailingSlashes($0)) }
        }
        // A manifest of a folder further in is more about what lies there.
        let deepest = holding.map(\.folder.utf8.count).max()
        let nearest = holding.filter { $0.folder.utf8.count == deepest }
        if nearest.isEmpty {
            return places.filter { part(of: $0.folder, behind: asked + "/") != nil }
                .map { Self(tree: reading.tree, name: $0.name, path: "") }
        }
        // A single file's manifest bears its name, unless another was wanted.
        let named = nearest.filter { $0.name == ManifestName(from: $0.path) }
        return (named.isEmpty ? nearest : named).map { Self(tree: reading.tree, name: $0.name, path: $0.path) }
    }

    /// Whether a manifest has what was asked for.
    func isCovered(by manifest: Manifest) -> Bool {
        path.isEmpty
            || manifest.files.contains { file in
                file.path.string.utf8.elementsEqual(path.utf8) || file.path.string.utf8.starts(with: (path + "/").utf8)
            }
    }

    private static func part(of path: String, behind prefix: String) -> String? {
        path.utf8.starts(with: prefix.utf8)
            ? String(decoding: path.utf8.dropFirst(prefix.utf8.count), as: UTF8.self) : nil
    }
}
