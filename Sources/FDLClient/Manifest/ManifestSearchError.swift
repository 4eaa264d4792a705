import FDLCore

/// Why the manifest that is meant by a URL is not known.
enum ManifestSearchError: Error {
    /// The tree does not say which manifests it has.
    case noIndex(SourceURL)
    case malformedIndex(SourceURL)
    /// The index names no manifest.
    case empty(SourceURL)
    /// No manifest of the index can have this path.
    case unlisted(String, in: SourceURL)
    /// No manifest of the index that may be meant has this name.
    case unnamed(String, in: SourceURL)
    /// Several manifests may be meant: their URLs.
    case several([String], in: SourceURL)
    /// The manifest that the index led to does not list what was asked for.
    case notInManifest(ManifestCandidate)
}

extension ManifestSearchError: CustomStringConvertible {
    /// How many URLs are shown.
    private static let shownURLs = 10

    private static func list(_ urls: [String]) -> String {
        let shown = urls.prefix(shownURLs).joined(separator: ", ")
        return urls.count > shownURLs ? "\(shown) and \(urls.count - shownURLs) more" : shown
    }

    var description: String {
        switch self {
        case .noIndex(let tree): "\(tree) does not say which manifests it has: there is no \(TreePath.index.relative)"
        case .malformedIndex(let tree): "\(tree)\(TreePath.index.relative) is not an index of manifests"
        case .empty(let tree): "\(tree) has no manifest"
        case .unlisted(let path, let tree): "no manifest of \(tree) lists \(shortened(path))"
        case .unnamed(let name, let tree): "no manifest of \(tree) that may be meant is named \(shortened(name))"
        case .several(let urls, let tree):
            "\(tree) has \(urls.count) manifests that may be meant: \(Self.list(urls))"
        case .notInManifest(let candidate):
            "the signed manifest of \(candidate.name) does not list \(shortened(candidate.path))"
        }
    }
}

extension ManifestSearchError: Explained {
    /// What a person is told.
    var failure: Failure {
        switch self {
        case .noIndex(let tree), .malformedIndex(let tree):
            Failure(
                .noSource,
                description,
                hint:
                    "give the URL of a manifest, which looks like \(tree)manifests/NAME.json, or a manifest file on this "
                    + "machine"
            )
        case .empty: Failure(.noSource, description, hint: "ask the publisher where the manifest is")
        case .unlisted(_, let tree), .unnamed(_, let tree):
            Failure(.noSource, description, hint: "look at \(tree) for what it serves")
        case .notInManifest(let candidate):
            Failure(.noSource, description, hint: "look at \(candidate.tree) for what it serves")
        case .several:
            Failure(.usage, description, hint: "give one of these URLs instead, or the manifest's name with --name")
        }
    }
}
