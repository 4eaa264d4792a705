public import FDLCore
import FDLCrypto
public import FDLTLS
public import FDLTrust
import NIOCore

/// Fetches a manifest by its URL.
public enum ManifestFetch {
    /// Fetches a manifest and its signature, and verifies neither.
    /// - Parameter url: of a manifest, for instance `https://a.example:8443/manifests/NAME.json`. The signature is
    ///   expected at the same URL with `.minisig` at the end of its path. A query goes with both requests, and to no other
    ///   origin.
    /// - Returns: the manifest and its signature; the signature is nil if the server does not have it.
    /// - Throws: `Failure`: 64 if `url` is not the URL of a manifest, 69 if the server lacks the manifest or fails, 74
    ///   if this machine has too few descriptors, threads or memory, 77 if TLS fails or access is refused, 78 if the
    ///   TLS settings cannot be used.
    public static func fetch(
        _ url: String,
        tls: TLSClientConfiguration,
        access: SourceAccess = SourceAccess(),
        led: @escaping @Sendable (Origin) -> Void = { _ in }
    ) async throws(Failure) -> SignedBytes {
        let (directory, name) = try split(url)
        let path = directory.path + name
        let use = SourceContext.Use.manifest(authority: directory.authority)
        var fetcher = try fetcher(for: use, tls, access)
        fetcher.led = led
        var document = ManifestFetchError.Document.manifest
        do throws(SourceError) {
            guard let manifest = try await fetcher.fetch(name, from: directory, limit: Manifest.maximumBytes) else {
                throw .lacking
            }
            document = .signature
            let limit = MinisignSignature.maximumBytes
            let signature = try await fetcher.fetch(FileNames.signature(of: name), from: directory, limit: limit)
            return SignedBytes(manifest: manifest, signature: signature, origin: "\(directory)\(name)")
        } catch {
            let context = SourceContext(use, tls, of: directory, access.credentials)
            throw ManifestFetchError(cause: error, url: directory, path: path, context: context, document: document)
                .failure
        }
    }

    /// - Throws: `Failure`: 74 if this machine has too few descriptors, threads or memory, 78 if the TLS settings cannot
    ///   be used.
    static func fetcher(
        for use: SourceContext.Use,
        _ tls: TLSClientConfiguration,
        _ access: SourceAccess
    ) throws(Failure) -> DocumentFetcher {
        let group = try EventLoops.group(threads: 1)
        return DocumentFetcher(group: group, tls: try SourceTLS(tls, access, for: use), access: access)
    }

    /// The worker that serves the manifest of a URL.
    /// - Returns: nil if the URL is not one of a worker's tree. It has the URL's query, which lets into the tree.
    public static func worker(serving url: String) -> SourceURL? {
        guard let (directory, _) = try? split(url) else { return nil }
        guard directory.path.hasSuffix("/\(TreePath.manifests)") else { return nil }
        let tree = "https://\(directory.authority)\(directory.path.dropLast(TreePath.manifests.count))"
        return try? SourceURL(tree + (directory.query.map { "?\($0.revealed)" } ?? ""), allowingQuery: true)
    }

    /// The manifest name in a URL: `NAME` in `/manifests/NAME.json` of a worker's tree.
    /// - Returns: nil if the URL is not one of a worker's tree.
    package static func name(askedBy url: String) -> String? {
        guard worker(serving: url) != nil, let name = try? split(url).1 else { return nil }
        return FileNames.manifestName(inFile: name)
    }

    /// The origin that a URL names.
    package static func origin(of url: String) -> Origin? { PastedURL.origin(url) }

    static func split(_ url: String) throws(Failure) -> (SourceURL, String) {
        let mark = url.firstIndex(of: "?") ?? url.endIndex
        let (base, name) = splitLast(String(url[..<mark]))
        do throws(SourceURLError) {
            let directory = try SourceURL((base ?? "") + "/" + url[mark...], allowingQuery: true)
            // The name goes into the request line unchanged.
            guard !name.isEmpty, name.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { throw .invalidCharacter }
            guard !name.contains("#") else { throw .fragment }
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
    var document = Document.manifest

    /// What was to be fetched.
    enum Document: String {
        case manifest = "the manifest"
        case signature = "the manifest's signature"
        case index = "the index of manifests"
        case freshness = "the word that the manifest is the newest"
        case statement = "a publisher statement"
    }

    var failure: Failure {
        let message =
            cause == .lacking
            ? "\(url.authority) has no \(path)"
            : "cannot fetch \(document.rawValue) from \(url.authority): \(cause)"
        return Failure(cause.exitCode, message, hint: cause.hint(in: context))
    }
}
