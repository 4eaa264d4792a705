public import FDLCore
public import FDLTLS

/// Finds the manifest that a person means by a URL: a tree's, that of a file in one, or a manifest's own.
public enum ManifestFinder {
    /// A manifest to fetch. Which it is was said by an index that nobody has signed.
    public struct Found: Sendable {
        /// The manifest's URL, with the query that was given. Not to be shown.
        public let url: String
        private let candidate: ManifestCandidate?

        init(_ url: String) {
            self.url = url
            candidate = nil
        }

        init(_ candidate: ManifestCandidate) {
            url = candidate.address
            self.candidate = candidate
        }

        /// The manifest's URL for people, if an index led to it.
        public var shownIfFound: String? { candidate?.url }

        /// What of the manifest's files was asked for: the path of a file, or of a folder of them; nil for all.
        public var path: String? { candidate.flatMap { $0.path.isEmpty ? nil : $0.path } }

        /// Holds a manifest against what was asked for.
        /// - Throws: `Failure` (69) if it does not list that.
        public func check(_ manifest: Manifest) throws(Failure) {
            guard let candidate, !candidate.isCovered(by: manifest) else { return }
            throw ManifestSearchError.notInManifest(candidate).failure
        }
    }

    /// - Parameters:
    ///   - text: `https://HOST/`, `https://HOST/files/PATH` or a manifest's URL.
    ///   - name: what the manifest must be named, if that was said.
    /// - Throws: `Failure`: 64 if several manifests may be meant, 69 if there is none or the server cannot be reached,
    ///   74 if this machine has too few descriptors, threads or memory, 77 if TLS is refused, 78 if the TLS settings
    ///   cannot be used.
    public static func find(
        _ text: String,
        name: String? = nil,
        tls: TLSClientConfiguration,
        access: SourceAccess = SourceAccess()
    ) async throws(Failure) -> Found {
        let pasted = PastedURL(text)
        let search = ManifestSearch(name: name, tls: tls, access: access)
        var reason: Failure?
        for reading in pasted.readings {
            switch try await search.index(of: reading.tree) {
            case .found(let index): return Found(try await search.choose(from: index, for: reading))
            // Some servers have a page for every path: then the URL may be a manifest's all the same.
            case .unusable(let failure): reason = reason ?? failure
            case .none: break
            }
        }
        if let manifest = pasted.manifest { return Found(manifest) }
        if let reason { throw reason }
        throw ManifestSearchError.noIndex(pasted.readings[0].tree).failure
    }
}

/// One search, with what is shown to servers.
private struct ManifestSearch {
    /// How many manifests are fetched to see which of them lists a file.
    private static let maximumLookedInto = 8

    let name: String?
    let tls: TLSClientConfiguration
    let access: SourceAccess

    enum Index {
        case found(ManifestIndex)
        case unusable(Failure)
        case none
    }

    func index(of tree: SourceURL) async throws(Failure) -> Index {
        let use = SourceContext.Use.manifest(authority: tree.authority)
        let fetcher = try ManifestFetch.fetcher(for: use, tls, access)
        let name = TreePath.index.relative
        do throws(SourceError) {
            guard let bytes = try await fetcher.fetch(name, from: tree, limit: ManifestIndex.maximumBytes) else {
                return .none
            }
            return ManifestIndex(parsing: bytes).map(Index.found)
                ?? .unusable(ManifestSearchError.malformedIndex(tree).failure)
        } catch {
            // Object stores answer so for what is not there.
            if error.cause == .forbidden(403) { return .none }
            let told = ManifestFetchError(
                cause: error,
                url: tree,
                path: tree.path + name,
                context: SourceContext(use, tls, of: tree, access.credentials),
                document: .index
            )
            guard case .webPage = error.cause else { throw told.failure }
            return .unusable(told.failure)
        }
    }

    func choose(
        from index: ManifestIndex,
        for reading: PastedURL.Reading
    ) async throws(Failure) -> ManifestCandidate {
        var candidates = ManifestCandidate.all(in: index, for: reading)
        if let name {
            candidates.removeAll { $0.name.string != name }
            if candidates.isEmpty { throw ManifestSearchError.unnamed(name, in: reading.tree).failure }
        }
        if reading.path != nil, (2...Self.maximumLookedInto).contains(candidates.count) {
            var covering: [ManifestCandidate] = []
            for candidate in candidates where try await isCovered(candidate) { covering.append(candidate) }
            candidates = covering
        }
        guard let first = candidates.first else {
            throw (reading.path.map { .unlisted($0, in: reading.tree) } ?? ManifestSearchError.empty(reading.tree))
                .failure
        }
        guard candidates.count == 1 else {
            throw ManifestSearchError.several(candidates.map(\.url), in: reading.tree).failure
        }
        return first
    }

    /// Whether a manifest lists what was asked for, by its own word: the one that is chosen is verified later.
    private func isCovered(_ candidate: ManifestCandidate) async throws(Failure) -> Bool {
        let (directory, name) = try ManifestFetch.split(candidate.address)
        let fetcher = try ManifestFetch.fetcher(for: .manifest(authority: directory.authority), tls, access)
        let bytes = try? await fetcher.fetch(name, from: directory, limit: Manifest.maximumBytes)
        guard let bytes, let manifest = try? Manifest(parsing: bytes) else { return false }
        return candidate.isCovered(by: manifest)
    }
}
