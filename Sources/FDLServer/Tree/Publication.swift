import FDLCore
import FDLCrypto
import FDLSystem

/// What is offered to people under one name: the manifest that has the name, and who has signed it.
struct Publication: Sendable {
    let published: PublishedManifest
    /// Nil if nobody has.
    let signer: Signer?

    var manifest: Manifest { published.manifest }
}

/// Finds out who has signed what a catalog has. It remembers what it has read, and reads again what has changed.
struct PublicationReader {
    /// Public keys beyond this number are not looked at, the deepest in the tree first.
    static let mostKeys = 64

    private let root: ServedRoot
    private var known: [String: Known] = [:]
    private var keys: [PublicKey] = []

    private struct Known {
        let manifest: Manifest
        let signature: FileStatus
        let signer: Signer?
    }

    init(root: ServedRoot) {
        self.root = root
    }

    /// - Parameter keyPaths: where public keys may lie, relative to the root.
    /// - Returns: the manifest of each name, the last signed first.
    mutating func publications(of catalog: Catalog, keyPaths: some Sequence<String>) -> [Publication] {
        let found = readKeys(keyPaths)
        if found != keys {
            keys = found
            known = [:]
        }
        var seen: Set<ManifestName> = []
        let offered = catalog.manifests.filter { seen.insert($0.manifest.name).inserted }
        let before = known
        known = [:]
        return offered.map { Publication(published: $0, signer: signer(of: $0, before)) }.sorted { left, right in
            if left.manifest.created != right.manifest.created { return left.manifest.created > right.manifest.created }
            return left.manifest.name.string < right.manifest.name.string
        }
    }

    private mutating func signer(of published: PublishedManifest, _ before: [String: Known]) -> Signer? {
        let file: ServedFile?
        do throws(SystemError) {
            file = try root.open(FileNames.signature(of: published.path))
        } catch {
            // What cannot be opened now still says what it said.
            known[published.path] = before[published.path]
            return before[published.path]?.signer
        }
        guard let file else { return nil }
        if let known = before[published.path], known.signature == file.status, known.manifest == published.manifest {
            self.known[published.path] = known
            return known.signer
        }
        let bytes = try? file.readAll(limit: MinisignSignature.maximumBytes)
        let signer = bytes.flatMap { bytes in
            Signer(signature: bytes, keys: keys) {
                try? root.open(published.path)?.readAll(limit: Manifest.maximumBytes)
            }
        }
        known[published.path] = Known(manifest: published.manifest, signature: file.status, signer: signer)
        return signer
    }

    private func readKeys(_ paths: some Sequence<String>) -> [PublicKey] {
        let depth = { (path: String) in path.utf8.count { $0 == UInt8(ascii: "/") } }
        let nearest = paths.sorted { (depth($0), $0) < (depth($1), $1) }.prefix(Self.mostKeys)
        return nearest.compactMap { path in
            guard let file = try? root.open(path), let bytes = try? file.readAll(limit: 4 << 10) else { return nil }
            return try? PublicKey(minisign: String(decoding: bytes, as: UTF8.self))
        }
    }
}

/// Who has signed a manifest, as far as the tree tells. For people: no reader believes a server about it.
struct Signer: Sendable, Hashable {
    /// The key's id, as minisign prints it.
    let keyID: String
    /// The public key as minisign writes it (`RW…`), if a file of the tree holds it and the signature is its own.
    let publicKey: String?

    init(keyID: String, publicKey: String?) {
        self.keyID = keyID
        self.publicKey = publicKey
    }

    /// - Parameters:
    ///   - signature: the contents of the manifest's signature file.
    ///   - keys: the public keys that lie in the tree.
    ///   - manifest: reads the manifest; called only if one of the keys may have signed it.
    /// - Returns: nil if `signature` is none.
    init?(signature: [UInt8], keys: [PublicKey], manifest: () -> [UInt8]?) {
        guard let signature = try? MinisignSignature(parsing: signature) else { return nil }
        keyID = "\(signature.keyID)"
        let candidates = keys.filter { $0.id == signature.keyID }
        guard !candidates.isEmpty, let bytes = manifest() else {
            publicKey = nil
            return
        }
        publicKey = (try? signature.verify(bytes, acceptedKeys: candidates))?.minisignLine
    }
}
