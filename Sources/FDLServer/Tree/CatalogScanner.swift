import FDLCore
import FDLCrypto
import FDLSystem
import Glibc

/// Finds the manifests under a root, and notices cheaply when something has changed.
///
/// A scan walks the whole tree. Between scans only the directories and the manifests are looked at: a file that comes,
/// goes or is renamed changes its directory's time. Data files need no watching: their sizes are checked when they are
/// opened.
struct CatalogScanner {
    private let root: ServedRoot
    private var directories: [String: FileStatus] = [:]
    private var manifests: [String: Known] = [:]
    /// Whether a directory changed so shortly before the last scan that a later change could have the same time. True
    /// before the first scan.
    private var isUnsettled = true
    /// What the last scan could not search or read: a notice of each is given once.
    private var faults: [String: SystemError] = [:]
    private var passedOver: Set<Catalog.PassedOver> = []
    /// Where files lie that are named as public keys are.
    private(set) var publicKeys: [String] = []
    private var watch = PrivateKeyWatch()

    private struct Known {
        let status: FileStatus
        /// Nil if the file is not a valid manifest.
        let manifest: Manifest?
        var isSigned: Bool
        var pair: SignedPair?
        /// Of the file's bytes; nil if it is not a valid manifest.
        var digest: SHA256Digest?
        /// Where its files were found at the last scan.
        var base: String?
    }

    /// What a scan found worth telling the operator.
    enum Notice: Equatable {
        case found(path: String, name: String, version: Int64, files: Int, bytes: Int64)
        case gone(path: String)
        case unreadable(path: String, reason: String)
        case neverServed(path: String, manifest: String)
        /// A directory that cannot be listed, or whose entries cannot be looked at, or a manifest that cannot be read.
        /// What was known of it stays.
        case fault(path: String, reason: String)
        case passedOver(Catalog.PassedOver)
        /// A private key below the root that no signed manifest lists.
        case privateKey(path: String)
    }

    init(root: ServedRoot) {
        self.root = root
    }

    /// Whether a scan could find something new.
    var isOutdated: Bool {
        if isUnsettled || faults.values.contains(where: \.isPassing) { return true }
        for (path, status) in directories where root.status(ofDirectory: path) != status { return true }
        return manifests.contains { path, known in
            // One that cannot be opened now has not changed for all that is known.
            do throws(SystemError) {
                if try root.open(path)?.status != known.status { return true }
                for (suffix, signature) in known.pair?.signatures ?? [:]
                where try root.open(path + suffix)?.status != signature.status { return true }
                return false
            } catch {
                return false
            }
        }
    }

    /// Walks the tree and reads the manifests that have changed.
    /// - Parameter now: in nanoseconds since 1970.
    /// - Throws: `SystemError` if the tree changed during the walk or the root is gone; try again later.
    mutating func scan(now: Int64) throws(SystemError) -> (catalog: Catalog, notices: [Notice]) {
        var found: [String: FileStatus] = [:]
        if let status = root.status(ofDirectory: "") { found[""] = status }
        var failures: [String: SystemError] = [:]
        let listing = try FileTree.regularFiles(
            beneath: root.path,
            descend: { path in
                guard !path[path.lastPart...].hasPrefix("."), !FileNames.isPartial(path), !Self.holdsChunks(path),
                    let status = root.status(ofDirectory: path)
                else { return false }
                found[path] = status
                return true
            },
            failed: { error, directory in
                if failures[directory] == nil { failures[directory] = error }
            }
        )
        var notices: [Notice] = []
        // What a directory held that cannot be searched now is still there, for all that is known.
        var kept = manifests.filter { path, _ in Self.isBelow(path, failures.keys) }
        let paths = Set(listing.files.map(\.path))
        publicKeys = paths.filter { $0.hasSuffix(FileNames.publicKeySuffix) }
        let signatures = Self.signatures(among: listing.files)
        var known: [String: Known] = [:]
        for entry in listing.files where Self.isManifest(entry.path, among: paths) {
            kept[entry.path] = nil
            do throws(SystemError) {
                var one = try read(entry.path, isSigned: Self.isSigned(entry.path, among: paths), &notices)
                if one?.manifest != nil { one = try readPair(entry.path, one, signatures[entry.path] ?? [], &notices) }
                known[entry.path] = one
            } catch {
                failures[entry.path] = error
                known[entry.path] = manifests[entry.path]
            }
        }
        known.merge(kept) { read, _ in read }
        for (path, error) in failures.sorted(by: { $0.key < $1.key }) where faults[path] == nil {
            notices.append(.fault(path: path, reason: "\(error)"))
        }
        faults = failures
        for path in manifests.keys.sorted() where known[path] == nil { notices.append(.gone(path: path)) }
        directories = found
        for (path, one) in known {
            guard let manifest = one.manifest else { continue }
            // Where a directory could not be searched, its files count for what they did before.
            let earlier = failures.isEmpty ? nil : one.base
            known[path]?.base = earlier ?? base(of: manifest, at: path, among: paths)
        }
        manifests = known
        // The times that file systems keep are coarse; none in use is coarser than two seconds. A time far in the
        // future was set by hand, and no later change gets it by itself.
        isUnsettled = found.values.contains { $0.modified > now - 2_000_000_000 && $0.modified <= now + 2_000_000_000 }

        let published = known.compactMap { path, known in
            known.manifest.map { manifest in
                PublishedManifest(
                    path: path,
                    manifest: manifest,
                    base: known.base ?? "",
                    isSigned: known.isSigned,
                    pair: known.pair
                )
            }
        }
        let catalog = Catalog(
            published,
            isComplete: !failures.values.contains(where: \.isPassing),
            hasChunkFiles: found[String(TreePath.chunks.dropLast())] != nil
        )
        let passed = catalog.passedOver
        for other in passed where !passedOver.contains(other) { notices.append(.passedOver(other)) }
        passedOver = Set(passed)
        for path in watch.newKeys(among: listing.files, listedBy: catalog, root) {
            notices.append(.privateKey(path: path))
        }
        return (catalog, notices)
    }

    /// Whether a directory is one of those in which a published tree has its chunks: there may be a million of them, and
    /// nothing else is there.
    private static func holdsChunks(_ path: String) -> Bool {
        let rest = path.utf8.dropFirst(TreePath.chunks.utf8.count)
        return path.utf8.starts(with: TreePath.chunks.utf8) && rest.count == 2
            && rest.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    }

    /// Whether a path lies in one of the directories or in what is in them.
    private static func isBelow(_ path: String, _ directories: some Collection<String>) -> Bool {
        directories.contains { $0.isEmpty || path.hasPrefix($0 + "/") }
    }

    /// The possible directory that has the most of the manifest's files.
    private func base(of manifest: Manifest, at path: String, among paths: Set<String>) -> String {
        let bases = PublishedManifest.possibleBases(path: path, name: manifest.name)
        // A sample tells them apart as surely as a million files do.
        let sample = manifest.files.prefix(1000)
        let scores = bases.map { base in sample.count { paths.contains(base + $0.path.string) } }
        if let best = scores.max(), best > 0, let first = scores.firstIndex(of: best) { return bases[first] }
        return bases.first { directories[String($0.dropLast())] != nil } ?? ""
    }

    /// - Throws: `SystemError` if this machine cannot read it now.
    private func read(
        _ path: String,
        isSigned: Bool,
        _ notices: inout [Notice]
    ) throws(SystemError) -> Known? {
        guard let file = try root.open(path) else { return nil }
        if var known = manifests[path], known.status == file.status {
            known.isSigned = isSigned
            return known
        }
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try file.readAll(limit: Manifest.maximumBytes) } catch {
            guard error.code == EFBIG else { throw error }
            notices.append(.unreadable(path: path, reason: "\(error)"))
            return Known(status: file.status, manifest: nil, isSigned: isSigned)
        }
        do {
            let manifest = try Manifest(parsing: bytes)
            notices.append(
                .found(
                    path: path,
                    name: manifest.name.string,
                    version: manifest.version,
                    files: manifest.files.count,
                    bytes: manifest.totalBytes
                )
            )
            for file in manifest.files where Self.isNeverServed(file.path.string, isSigned: isSigned) {
                notices.append(.neverServed(path: file.path.string, manifest: path))
            }
            let digest = SHA256Digest(hashing: bytes)
            return Known(status: file.status, manifest: manifest, isSigned: isSigned, digest: digest)
        } catch {
            notices.append(.unreadable(path: path, reason: "\(error)"))
            return Known(status: file.status, manifest: nil, isSigned: isSigned)
        }
    }

    /// Reads a manifest's signatures, and the manifest again if it has been replaced meanwhile.
    private func readPair(
        _ path: String,
        _ known: Known?,
        _ suffixes: [String],
        _ notices: inout [Notice]
    ) throws(SystemError) -> Known? {
        var current = known
        let pair = try SignedPair.read(
            path,
            suffixes,
            in: root,
            earlier: manifests[path]?.pair,
            manifest: { () throws(SystemError) in
                if let file = try root.open(path), file.status != current?.status {
                    current = try read(path, isSigned: current?.isSigned ?? true, &notices)
                }
                guard let current, let digest = current.digest else { return nil }
                return (current.status, digest)
            }
        )
        current?.pair = pair
        return current
    }

    /// What the names of the signatures beside each manifest add to its own.
    private static func signatures(among files: [FileTree.Entry]) -> [String: [String]] {
        var found: [String: [String]] = [:]
        for file in files {
            guard let (document, _) = FileNames.signed(bySignature: file.path) else { continue }
            found[document, default: []].append(String(file.path.dropFirst(document.count)))
        }
        return found
    }

    private static func isNeverServed(_ path: String, isSigned: Bool) -> Bool {
        FileNames.isPartial(path) || !isSigned && FileNames.isSecretKey(path)
    }

    private static func isSigned(_ path: String, among paths: Set<String>) -> Bool {
        paths.contains(FileNames.signature(of: path))
    }

    /// `X.manifest.json`, signed or not yet, or any `X.json` with its signature beside it.
    private static func isManifest(_ path: String, among paths: Set<String>) -> Bool {
        let name = path[path.lastPart...]
        return !name.hasPrefix(".") && name.hasSuffix(FileNames.servedManifestSuffix)
            && !name.hasSuffix(FileNames.freshSuffix) && !path.hasPrefix(TreePath.publishers)
            && (name.hasSuffix(FileNames.manifestSuffix) || isSigned(path, among: paths))
    }
}
