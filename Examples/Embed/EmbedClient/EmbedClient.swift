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
            // Accepts only what this key has signed, what has not expired, and nothing older than what was seen before.
            var acceptance = ManifestAcceptance(directories: .current)
            acceptance.publisherKeys = [arguments[2]]
            let verified = try await acceptance.accept(RemoteManifest(arguments[1], tls: tls), now: .now)
            var sources = verified.manifest.sources
            if let worker = ManifestFetch.worker(serving: arguments[1]) {
                sources.append(Manifest.Source(kind: .worker, url: worker))
            }
            var request = DownloadRequest(manifest: verified, output: .path(arguments[3]), sources: sources, tls: tls)
            request.follow = { [acceptance] () throws(Failure) in try acceptance.note(verified) }
            let summary = try await Downloader(request) { event in
                if case .progress(let progress) = event { print("\(progress.bytes) of \(progress.totalBytes) bytes") }
            }.run()
            print("\(summary.path): \(summary.bytes) bytes, \(summary.fetchedChunks) chunks fetched")
        } catch {
            print("error: \((error as? Failure)?.message ?? "\(error)")")
        }
    }
}
