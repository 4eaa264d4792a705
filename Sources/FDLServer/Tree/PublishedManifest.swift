import FDLCore

/// A manifest found under the root, and where the files it names lie.
struct PublishedManifest: Sendable {
    /// Where the manifest itself lies, relative to the root.
    let path: String
    let manifest: Manifest
    let layout: ChunkLayout
    /// The directory that the files' paths are relative to: empty for the root, else with a `/` at its end.
    let base: String
    /// Whether a signature lies beside it. Whose, a worker does not know: it has no keys.
    let isSigned: Bool
    /// The manifest's file and the signatures that belong to it, as they were read together; nil if that is not known.
    let pair: SignedPair?

    init(path: String, manifest: Manifest, base: String, isSigned: Bool = true, pair: SignedPair? = nil) {
        self.pair = pair
        self.path = path
        self.manifest = manifest
        self.layout = manifest.layout
        self.base = base
        self.isSigned = isSigned
    }

    /// How many directories below the root it lies.
    private var depth: Int { path.utf8.count { $0 == UInt8(ascii: "/") } }

    /// The order in which manifests of one name come.
    func isPreferred(to other: PublishedManifest) -> Bool {
        if isSigned != other.isSigned { return isSigned }
        if depth != other.depth { return depth < other.depth }
        return isNewer(than: other)
    }

    /// By version, then by date, then by path.
    func isNewer(than other: PublishedManifest) -> Bool {
        if manifest.version != other.manifest.version { return manifest.version > other.manifest.version }
        if manifest.created != other.manifest.created { return manifest.created > other.manifest.created }
        return path < other.path
    }

    /// The manifest's file name.
    var fileName: Substring { path[path.lastPart...] }

    /// Where one of the manifest's files lies, relative to the root.
    func path(ofFile file: Int) -> String {
        let path = manifest.files[file].path.string
        return base.isEmpty ? path : base + path
    }

    /// What the files' paths below the worker's address begin with, not percent-encoded.
    var filesPrefix: String { liesInPublishedTree && base.hasPrefix(TreePath.files) ? base : TreePath.files + base }

    /// Whether it lies where a tree that was published has its manifests.
    private var liesInPublishedTree: Bool { path[..<path.lastPart] == TreePath.manifests }

    /// The directories in which the files of a manifest may lie, the likeliest first.
    ///
    /// `fdl-sign publish` puts them below `files/`. `fdl-sign manifest folder` writes `folder.manifest.json` beside `folder/`, with paths relative to `folder/`. The
    /// path of a single file is relative to the manifest's own directory. A manifest whose file was renamed with `-o`
    /// still states the name.
    static func possibleBases(path: String, name: ManifestName) -> [String] {
        let directory = String(path[..<path.lastPart])
        let file = path[path.lastPart...]
        let stem = file.dropLast(
            file.hasSuffix(FileNames.manifestSuffix)
                ? FileNames.manifestSuffix.count : FileNames.servedManifestSuffix.count
        )
        let usual =
            stem == name.string
            ? ["\(directory)\(stem)/", directory]
            : ["\(directory)\(stem)/", "\(directory)\(name.string)/", directory]
        // A tree that was published has manifests and files apart.
        guard directory == TreePath.manifests else { return usual }
        return ["\(TreePath.files)\(name.string)/", TreePath.files] + usual
    }
}

extension String {
    /// The index after the last slash: where a path's last part begins.
    var lastPart: Index {
        utf8.lastIndex(of: UInt8(ascii: "/")).map { utf8.index(after: $0) } ?? startIndex
    }
}
