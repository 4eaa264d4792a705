public import FDLCore
import FDLCrypto
public import FDLTLS
public import FDLTrust
import NIOCore

/// Fetches a manifest by its URL.
public enum ManifestFetch {
    /// Fetches a manifest and its signature, and verifies neither.
    /// - Parameter url: of a manifest, for instance `https://a.example:8443/manifests/NAME.json`. The signature is
    ///   expected at the same URL with `.minisig` appended.
    /// - Returns: the manifest and its signature; the signature is nil if the server does not have it.
    /// - Throws: `Failure`: 64 if `url` is not the URL of a manifest, 69 if the server lacks the manifest or fails, 74
    ///   if this machine has too few descriptors, threads or memory, 77 if TLS fails or access is refused, 78 if the
    ///   TLS settings cannot be used.
    public static func fetch(_ url: String, tls: TLSClientConfiguration) async throws(Failure) -> SignedBytes {
        let (directory, name) = try split(url)
        let group = try EventLoops.group(threads: 1)
        let path = directory.path + name
        let use = SourceContext.Use.manifest(authority: directory.authority)
        let fetcher = DocumentFetcher(group: group, tls: try TLSContext.client(tls, for: use))
        do throws(SourceError) {
            guard let manifest = try await fetcher.fetch(path, from: directory, limit: Manifest.maximumBytes) else {
                throw .lacking
            }
            let limit = MinisignSignature.maximumBytes
            let signature = try await fetcher.fetch(FileNames.signature(of: path), from: directory, limit: limit)
            return SignedBytes(manifest: manifest, signature: signature, origin: url)
        } catch {
            throw ManifestFetchError(cause: error, url: directory, path: path, context: SourceContext(use, tls)).failure
        }
    }

    /// The worker that serves the manifest of a URL.
    /// - Returns: nil if the URL is not one of a worker's tree.
    public static func worker(serving url: String) -> SourceURL? {
        guard let (directory, _) = try? split(url) else { return nil }
        guard directory.path.hasSuffix("/\(TreePath.manifests)") else { return nil }
        return try? SourceURL("https://\(directory.authority)\(directory.path.dropLast(TreePath.manifests.count))")
    }

    /// The manifest name in a URL: `NAME` in `/manifests/NAME.json` of a worker's tree.
    /// - Returns: nil if the URL is not one of a worker's tree.
    package static func name(askedBy url: String) -> String? {
        worker(serving: url).map { _ in FileNames.manifestName(inFile: splitLast(url).name) }
    }

    static func split(_ url: String) throws(Failure) -> (SourceURL, String) {
        let (base, name) = splitLast(url)
        do throws(SourceURLError) {
            let directory = try SourceURL((base ?? "") + "/")
            // The name goes into the request line unchanged.
            guard !name.isEmpty, name.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { throw .invalidCharacter }
            guard !name.contains("#") else { throw .fragment }
            guard !name.contains("?") else { throw .query }
            return (directory, name)
        } catch {
            throw Failure(
                .usage,
                "\(shortened(shownURL(url))) is not the URL of a manifest: \(error)",
                hint: "it looks like https://HOST:PORT/manifests/NAME.json"
            )
        }
    }
}

/// A manifest that cannot be fetched from its URL, as it is reported to a person.
struct ManifestFetchError: Explained {
    let cause: SourceError
    /// The directory of the manifest.
    let url: SourceURL
    let path: String
    let context: SourceContext

    var failure: Failure {
        let message =
            cause == .lacking
            ? "\(url.authority) has no \(path)" : "cannot fetch the manifest from \(url.authority): \(cause)"
        return Failure(cause.exitCode, message, hint: cause.hint(in: context))
    }
}
