import FDLCore

/// What a URL may mean that a person gives for a manifest: its own, the address of a tree, or that of a file in one.
struct PastedURL: Equatable {
    /// A tree that the URL may be of.
    struct Reading: Equatable {
        let tree: SourceURL
        /// What of the tree's files was asked for, decoded; nil for the tree itself.
        let path: String?
    }

    /// How many readings are tried: each costs a request.
    private static let maximumReadings = 4

    /// The likeliest first.
    let readings: [Reading]
    /// The manifest that it is the URL of, if it can be one.
    let manifest: String?

    init(_ text: String) {
        guard let parts = Parts(text) else {
            // Whoever fetches it says what is wrong.
            readings = []
            manifest = text
            return
        }
        let readings = Array(Self.readings(parts).prefix(Self.maximumReadings))
        self.readings = readings
        manifest = readings.isEmpty || Self.mayBeManifest(parts) ? parts.withoutTrailingSlash : nil
    }

    /// The origin that a URL names.
    static func origin(_ text: String) -> Origin? { Parts(text)?.tree(0)?.origin }

    private static let manifests = String(TreePath.manifests.dropLast())
    private static let files = String(TreePath.files.dropLast())

    private static func readings(_ parts: Parts) -> [Reading] {
        guard let last = parts.names.last else { return reading(parts.tree(0)) }
        let count = parts.names.count
        if last == manifests { return reading(parts.tree(count - 1)) }
        if parts.names.dropLast().last == manifests {
            return last == FileNames.index ? reading(parts.tree(count - 2)) : []
        }
        // No file that is published has such a name.
        if !parts.isDirectory, last.utf8.ends(with: FileNames.manifestSuffix) { return [] }
        let found = parts.names.indices.filter { parts.names[$0] == files }.compactMap { index -> Reading? in
            let below = parts.names[(index + 1)...].joined(separator: "/")
            guard let tree = parts.tree(index), let path = TreePath.percentDecoded(below) else { return nil }
            return Reading(tree: tree, path: path.isEmpty ? nil : path)
        }
        return parts.isJSON ? found : found + reading(parts.tree(count))
    }

    private static func reading(_ tree: SourceURL?) -> [Reading] {
        tree.map { [Reading(tree: $0, path: nil)] } ?? []
    }

    private static func mayBeManifest(_ parts: Parts) -> Bool {
        guard let last = parts.names.last, !parts.isDirectory, last != manifests else { return false }
        if parts.isJSON { return !(last == FileNames.index && parts.names.dropLast().last == manifests) }
        // A file of a tree may be large: it is not fetched to see whether it is a manifest.
        return !parts.names.contains(files)
    }
}

/// A URL taken apart.
private struct Parts {
    private static let scheme = "https://"

    private let authority: String
    /// The parts of the path that are not empty at its end, percent-encoded.
    let names: [String]
    /// Whether the path ends with a slash, or there is none.
    let isDirectory: Bool
    private let query: String

    /// - Returns: nil for what is no https URL of some host, or has a fragment.
    init?(_ text: String) {
        guard text.lowercased().hasPrefix(Self.scheme), !text.contains("#") else { return nil }
        let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) ?? text.endIndex
        query = String(text[mark...])
        var parts = text[..<mark].utf8.dropFirst(Self.scheme.utf8.count).split(
            separator: UInt8(ascii: "/"),
            omittingEmptySubsequences: false
        ).map { String(decoding: $0, as: UTF8.self) }
        authority = parts.removeFirst()
        isDirectory = parts.last?.isEmpty ?? true
        while parts.last?.isEmpty == true { parts.removeLast() }
        names = parts
        guard tree(0) != nil else { return nil }
    }

    /// Whether it may be a manifest by its last name.
    var isJSON: Bool { !isDirectory && names.last?.utf8.ends(with: FileNames.servedManifestSuffix) == true }

    var withoutTrailingSlash: String { Self.scheme + authority + names.map { "/" + $0 }.joined() + query }

    /// The URL of the directory made of the first `count` names, with the query.
    func tree(_ count: Int) -> SourceURL? {
        try? SourceURL(
            Self.scheme + authority + "/" + names.prefix(count).map { $0 + "/" }.joined() + query,
            allowingQuery: true
        )
    }
}
