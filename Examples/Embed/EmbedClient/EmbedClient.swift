import FDLClient
import FDLCore
import FDLSystem
import FDLTLS
import FDLTrust
import Foundation

/// Fetches a manifest, makes sure of it and downloads what it lists, in a program of one's own.
///
///     EmbedClient URL PUBLISHER-KEY OUTPUT [CA.pem]
@main
struct EmbedClient {
    static func main() async {
        let arguments = CommandLine.arguments
        guard (4...5).contains(arguments.count) else {
            return print("usage: EmbedClient URL PUBLISHER-KEY OUTPUT [CA.pem]")
        }
        do {
            var tls = TLSClientConfiguration()
            if arguments.count == 5 {
                tls.trustRoots = .pem(Array(try Data(contentsOf: URL(filePath: arguments[4]))))
            }
            let verified = try await manifest(arguments[1], signedBy: arguments[2], tls)
            var sources = verified.manifest.sources
            if let worker = ManifestFetch.worker(serving: arguments[1]) {
                sources.append(Manifest.Source(kind: .worker, url: worker))
            }
            let request = DownloadRequest(manifest: verified, output: .path(arguments[3]), sources: sources, tls: tls)
            let summary = try await Downloader(request) { event in
                if case .progress(let progress) = event { print("\(progress.bytes) of \(progress.totalBytes) bytes") }
            }.run()
            print("\(summary.path): \(summary.bytes) bytes, \(summary.fetchedChunks) chunks fetched")
        } catch {
            print("error: \((error as? Failure)?.message ?? "\(error)")")
        }
    }

    /// Accepts only what this key has signed, what has not expired, and nothing older than what was seen before.
    private static func manifest(
        _ url: String,
        signedBy key: String,
        _ tls: TLSClientConfiguration
    ) async throws(Failure) -> VerifiedManifest {
        var acceptance = ManifestAcceptance(directories: .current)
        acceptance.publisherKeys = [key]
        return try await acceptance.accept(now: .now) { () async throws(Failure) in
            try await ManifestFetch.fetch(url, tls: tls)
        }
    }
}
