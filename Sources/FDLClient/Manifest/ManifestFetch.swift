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
        let context: TLSContext
        do throws(TLSError) { context = try TLSContext.client(tls) } catch { throw error.failure }
        let fetcher = DocumentFetcher(group: group, tls: context)
        let result: Result<SignedBytes, Failure>
        do throws(SourceError) {
            let path = directory.path + name
            if let manifest = try await fetcher.fetch(path, from: directory, limit: Manifest.maximumBytes) {
                let limit = MinisignSignature.maximumBytes
                let signaturePath = FileNames.signature(of: path)
                let signature = try await fetcher.fetch(signaturePath, from: directory, limit: limit)
                result = .success(SignedBytes(manifest: manifest, signature: signature, origin: url))
            } else {
                let hint = "look at https://\(directory.authority)/ for what it serves"
                result = .failure(Failure(.noSource, "\(directory.authority) has no \(path)", hint: hint))
            }
        } catch {
            result = .failure(failure(error, directory))
        }
        return try result.get()
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
    public static func name(askedBy url: String) -> String? {
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

    private static func failure(_ error: SourceError, _ directory: SourceURL) -> Failure {
        let message = "cannot fetch the manifest from \(directory.authority): \(error)"
        return switch error {
        case .tls(let reason) where reason.isPinRefusal:
            Failure(.tls, message, hint: "ask the server's operator for the pin of its key, and compare with --pin")
        case .tls(let reason) where reason.isDateRefusal:
            Failure(
                .tls,
                message,
                hint: "check this machine's clock; if it is right, the server's operator has to renew the certificate"
            )
        case .tls: Failure(.tls, message, hint: "name the server's private CA with --cacert")
        case .forbidden: Failure(.tls, message, hint: "give the client certificate it wants with --cert and --key")
        default: Failure(.noSource, message, hint: "check the URL, or name a manifest file on this machine")
        }
    }
}
