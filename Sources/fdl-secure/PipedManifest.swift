import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust
import Glibc

/// A manifest and a signature that are not files beside each other: `-` for standard input, a pipe, or a signature that
/// lies elsewhere. Each is read once, since a pipe gives its bytes only once.
struct PipedManifest: ManifestPlace {
    private let bytes: SignedBytes

    /// - Parameters:
    ///   - manifest: a path, or `-`.
    ///   - signature: a path, or `-`; nil if it is beside the manifest, where there may be none.
    init(manifest: String, signature: String?) throws(Failure) {
        guard manifest != "-" || signature != "-" else {
            throw Failure(
                .usage,
                "the manifest and its signature cannot both come by standard input",
                hint: "give one of them by another way: --signature <(curl -s URL), or a file"
            )
        }
        let first = try Self.read(manifest, limit: Manifest.maximumBytes)
        let own = signature ?? (manifest == "-" ? nil : FileNames.signature(of: manifest))
        let isThere = signature != nil || own.map { (try? FileStatus(path: $0)) != nil } == true
        // Longer than any signature may be: whoever checks it says so.
        let second = isThere ? try own.map { path throws(Failure) in try Self.read(path, limit: 64 << 10) } : nil
        bytes = SignedBytes(
            manifest: first,
            signature: second,
            origin: manifest == "-" ? "the manifest on standard input" : manifest
        )
    }

    /// Whether a manifest has to be read in this way.
    static func isNeeded(_ manifest: String, _ signature: String?) -> Bool {
        guard manifest != "-", signature == nil else { return true }
        guard let status = try? FileStatus(path: manifest) else { return false }
        return status.kind == .other
    }

    func read() async throws(Failure) -> SignedBytes { bytes }

    func signature(by key: KeyID) async throws(Failure) -> [UInt8]? { nil }

    // Without a server, a manifest is taken for what it is.
    let isLive = false
    let freshnessName = ""
    let statementPlaces: [any StatementPlace] = []
    func freshness() async throws(Failure) -> SignedFreshness? { nil }

    private static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8] {
        try explaining(for: .input) { () throws(SystemError) in
            guard path == "-" else { return try WholeFile.read(path, limit: limit) }
            // Not opened again by a path: the file behind it may be one that this user could not open.
            let copy = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
            guard copy >= 0 else { throw SystemError(operation: .read, path: "standard input", code: errno) }
            return try Descriptor(owning: copy, path: "standard input").readOn(limit: limit)
        }
    }
}
