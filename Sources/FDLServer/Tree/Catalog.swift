import FDLCore

/// What a worker knows at one moment of what it serves. Immutable: a new scan makes a new one.
final class Catalog: Sendable {
    /// Of one name the preferred one first: signed before unsigned, higher in the tree before deeper, newer before older.
    /// So whoever may write to a folder for uploads takes no name over from above.
    let manifests: [PublishedManifest]
    /// What `/manifests/index.json` says.
    let listing: [UInt8]
    /// Whether all of the tree could be read. If not, what is not here may be there all the same.
    let isComplete: Bool
    /// Whether the root has chunks as files of their own: it is a tree that was published, or a part of one.
    let hasChunkFiles: Bool
    private let index: ChunkIndex
    private let paths: [String: String]
    /// By the paths that `paths` has.
    private let pairs: [String: SignedPair]
    /// The hashes, seeded for each process, of the paths of all files that signed manifests list, sorted.
    private let signedFiles: [Int]

    /// A part of a file that holds a chunk, in bytes.
    struct ChunkPlace: Equatable {
        /// Relative to the root.
        let path: String
        /// The size that the file must have.
        let fileSize: Int64
        let offset: Int64
        let length: Int
        /// Whether the manifest that lists it is signed.
        var isSigned = true
    }

    init(_ manifests: [PublishedManifest], isComplete: Bool = true, hasChunkFiles: Bool = false) {
        let sorted = manifests.sorted { $0.isPreferred(to: $1) }
        self.manifests = sorted
        self.isComplete = isComplete
        self.hasChunkFiles = hasChunkFiles
        self.signedFiles = sorted.filter(\.isSigned)
            .flatMap { published in published.manifest.files.indices.map { published.path(ofFile: $0).hashValue } }
            .sorted()
        self.paths = Self.paths(of: sorted)
        self.pairs = Dictionary(sorted.compactMap { one in one.pair.map { (one.path, $0) } }) { first, _ in first }
        self.listing = Self.listing(of: sorted)

        // If two versions of one name list the same file, the file holds the newer version. The older version's chunks
        // are gone from it: to serve them would be to send wrong bytes, which readers charge to this worker.
        var claims: [Claim: Int] = [:]
        let byVersion = sorted.enumerated().sorted { left, right in
            if left.element.isSigned != right.element.isSigned { return left.element.isSigned }
            return left.element.isNewer(than: right.element)
        }
        for (number, published) in byVersion {
            for file in published.manifest.files.indices {
                let claim = Claim(name: published.manifest.name, path: published.path(ofFile: file))
                if claims[claim] == nil { claims[claim] = number }
            }
        }
        self.index = ChunkIndex(sorted) { number, file in
            let path = sorted[number].path(ofFile: file)
            if FileNames.isPartial(path) { return false }
            if !sorted[number].isSigned, FileNames.isSecretKey(path) { return false }
            return claims[Claim(name: sorted[number].manifest.name, path: path)] == number
        }
    }

    /// Whether a signed manifest lists the file at a path, relative to the root. Its publisher has meant it to be read,
    /// whatever is in it.
    func isSigned(_ path: String) -> Bool {
        let hash = path.hashValue
        var range = signedFiles.startIndex..<signedFiles.endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if signedFiles[middle] == hash { return true }
            range = signedFiles[middle] < hash ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
        }
        return false
    }

    private struct Claim: Hashable {
        let name: ManifestName
        let path: String
    }

    /// Where the file that `/manifests/NAME` serves lies, relative to the root.
    func path(ofManifest name: String) -> String? {
        if let path = paths[name] { return path }
        if let (document, keyID) = FileNames.signed(bySignature: name), let path = path(ofManifest: document) {
            return FileNames.signature(of: path, by: keyID)
        }
        guard name.hasSuffix(FileNames.freshSuffix) else { return nil }
        let stem = name.dropLast(FileNames.freshSuffix.count)
        let manifest = paths[stem + FileNames.servedManifestSuffix] ?? paths[stem + FileNames.manifestSuffix]
        return manifest.map(FileNames.freshness(of:))
    }

    /// A manifest and its signatures as they were read together.
    /// - Parameter path: relative to the root, of the manifest or of one of its signatures.
    /// - Returns: nil if the path is of neither. `suffix` is nil for the manifest itself.
    func pair(at path: String) -> (manifest: String, pair: SignedPair, suffix: String?)? {
        if let pair = pairs[path] { return (path, pair, nil) }
        guard let (document, _) = FileNames.signed(bySignature: path), let pair = pairs[document] else { return nil }
        return (document, pair, String(path.dropFirst(document.count)))
    }

    /// The manifest that is meant by a name of its own, or by its file's.
    func manifest(named name: some StringProtocol) -> PublishedManifest? {
        manifests.first { $0.manifest.name.string == name }
            ?? manifests.first { FileNames.manifestName(inFile: String($0.fileName)) == name }
    }

    /// The places a chunk can be read from.
    func places(ofChunk digest: SHA256Digest) -> [ChunkPlace] {
        index.places(of: digest, in: manifests).map { place in
            let published = manifests[place.manifest]
            let location = published.layout.location(ofChunk: place.chunk)
            return ChunkPlace(
                path: published.path(ofFile: location.file),
                fileSize: published.manifest.files[location.file].size,
                offset: location.offset,
                length: location.length,
                isSigned: published.isSigned
            )
        }
    }

    /// A manifest that does not have its name although its version is the highest.
    struct PassedOver: Hashable {
        let path: String
        let name: ManifestName
        let version: Int64
        /// The path of the one that has the name.
        let preferred: String
        let isSigned: Bool
    }

    var passedOver: [PassedOver] {
        var preferred: [ManifestName: PublishedManifest] = [:]
        var found: [PassedOver] = []
        for published in manifests {
            let manifest = published.manifest
            guard let first = preferred[manifest.name] else {
                preferred[manifest.name] = published
                continue
            }
            guard manifest.version > first.manifest.version else { continue }
            found.append(
                PassedOver(
                    path: published.path,
                    name: manifest.name,
                    version: manifest.version,
                    preferred: first.path,
                    isSigned: published.isSigned
                )
            )
        }
        return found
    }

    /// The preferred manifest of each name.
    private static func listing(of manifests: [PublishedManifest]) -> [UInt8] {
        var seen: Set<ManifestName> = []
        let newest = manifests.filter { seen.insert($0.manifest.name).inserted }
        let entries = newest.map { published in
            ManifestIndex.Entry(
                name: published.manifest.name,
                version: published.manifest.version,
                files: TreePath.percentEncoded(published.filesPrefix)
            )
        }
        return ManifestIndex(entries).encoded()
    }

    /// Maps each NAME of `/manifests/NAME` to a file. If several manifests claim one, a manifest's own name takes
    /// precedence over a file's name; among those, the order of `manifests` decides.
    private static func paths(of manifests: [PublishedManifest]) -> [String: String] {
        var paths: [String: String] = [:]
        let byName = manifests.map { (FileNames.served($0.manifest.name), $0.path) }
        let byFileName = manifests.map { (String($0.fileName), $0.path) }
        for (name, path) in byName + byFileName where paths[name] == nil {
            paths[name] = path
        }
        return paths
    }
}
