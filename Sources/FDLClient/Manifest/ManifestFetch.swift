public import FDLCore
import FDLCrypto
public import FDLTLS
public import FDLTrust
import NIOCore

/// Fetches a manifest by its URL.
public enum ManifestFetch {
    /// - Parameter url: of a manifest, for instance `https://a.example:8443/manifests/NAME.json`. The signature is
    ///   looked for at the same URL with `.minisig` at its end.
    /// - Throws: `Failure`: 64 for what is no such URL, 69 where the server does not have it or cannot be reached,
    ///   74 where this machine has too few descriptors, threads or memory, 77 where TLS is refused, 78 where the TLS
    ///   settings cannot be used.
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
    /// - Returns: nil where it is not one of a worker's tree.
    public static func worker(serving url: String) -> SourceURL? {
        guard let (directory, _) = try? split(url) else { return nil }
        guard directory.path.hasSuffix("/\(TreePath.manifests)") else { return nil }
        return try? SourceURL("https://\(directory.authority)\(directory.path.dropLast(TreePath.manifests.count))")
    }

    /// The name that a URL asks for: `NAME` of a tree's `/manifests/NAME.json`.
    /// - Returns: nil where it is not one of a tree.
    package static func name(askedBy url: String) -> String? {
        worker(serving: url).map { _ in FileNames.manifestName(inFile: splitLast(url).name) }
    }

    static func split(_ url: String) throws(Failure) -> (SourceURL, String) {
        let (base, name) = splitLast(url)
        do throws(SourceURLError) {
            let directory = try SourceURL((base ?? "") + "/")
            // It goes into the request line as it is.
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

/// A manifest that cannot be had from its URL, as a person is told.
struct ManifestFetchError: Explained {
    let cause: SourceError
    /// Where the manifest was to be.
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
