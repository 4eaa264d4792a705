import FDLCore

/// What a worker knows at one moment of what it serves. Immutable: a new scan makes a new one.
final class Catalog: Sendable {
    /// Newest version first.
    let manifests: [PublishedManifest]
    /// What `/manifests/index.json` says.
    let listing: [UInt8]
    private let index: ChunkIndex
    private let paths: [String: String]

    /// A part of a file that holds a chunk, in bytes.
    struct ChunkPlace: Equatable {
        /// Relative to the root.
        let path: String
        /// The size that the file must have.
        let fileSize: Int64
        let offset: Int64
        let length: Int
    }

    init(_ manifests: [PublishedManifest]) {
        let sorted = manifests.sorted { left, right in
            let (a, b) = (left.manifest, right.manifest)
            if a.version != b.version { return a.version > b.version }
            if a.created != b.created { return a.created > b.created }
            return left.path < right.path
        }
        self.manifests = sorted
        self.paths = Self.paths(of: sorted)
        self.listing = Self.listing(of: sorted)

        // If two versions of one name list the same file, the file holds the newer version. The older version's chunks
        // are gone from it: to serve them would be to send wrong bytes, which readers charge to this worker.
        var claims: [Claim: Int] = [:]
        for (number, published) in sorted.enumerated() {
            for file in published.manifest.files.indices {
                let claim = Claim(name: published.manifest.name, path: published.path(ofFile: file))
                if claims[claim] == nil { claims[claim] = number }
            }
        }
        self.index = ChunkIndex(sorted) { number, file in
            let path = sorted[number].path(ofFile: file)
            guard !RequestTarget.isNeverServed(path) else { return false }
            return claims[Claim(name: sorted[number].manifest.name, path: path)] == number
        }
    }

    private struct Claim: Hashable {
        let name: ManifestName
        let path: String
    }

    /// Where the file that `/manifests/NAME` serves lies, relative to the root.
    func path(ofManifest name: String) -> String? { paths[name] }

    /// The places a chunk can be read from.
    func places(ofChunk digest: SHA256Digest) -> [ChunkPlace] {
        index.places(of: digest, in: manifests).map { place in
            let published = manifests[place.manifest]
            let location = published.layout.location(ofChunk: place.chunk)
            return ChunkPlace(
                path: published.path(ofFile: location.file),
                fileSize: published.manifest.files[location.file].size,
                offset: location.offset,
                length: location.length
            )
        }
    }

    /// The newest version of each name.
    private static func listing(of manifests: [PublishedManifest]) -> [UInt8] {
        var seen: Set<ManifestName> = []
        let newest = manifests.filter { seen.insert($0.manifest.name).inserted }
        let entries = newest.map { published in
            ManifestIndex.Entry(
                name: published.manifest.name,
                version: published.manifest.version,
                files: TreePath.files + TreePath.percentEncoded(published.base)
            )
        }
        return ManifestIndex(entries).encoded()
    }

    /// Maps each NAME of `/manifests/NAME` to a file. If several manifests claim one, a manifest's own name takes
    /// precedence over a file's name, and a newer version over an older one.
    private static func paths(of manifests: [PublishedManifest]) -> [String: String] {
        var paths: [String: String] = [:]
        let byName = manifests.map { (FileNames.served($0.manifest.name), $0.path) }
        let byFileName = manifests.map { (String($0.fileName), $0.path) }
        for (name, path) in byName + byFileName where paths[name] == nil {
            paths[name] = path
            paths[FileNames.signature(of: name)] = FileNames.signature(of: path)
        }
        return paths
    }
}
