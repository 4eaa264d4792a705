import FDLClient
import Foundation

/// Downloads what a publisher signed, in a program of one's own.
///
///     EmbedClient URL PUBLISHER-KEY OUTPUT [CA.pem]
///
/// With - for OUTPUT, the bytes go to standard output as they come.
@main
struct EmbedClient {
    static func main() async {
        let arguments = CommandLine.arguments
        guard (4...5).contains(arguments.count) else {
            return print("usage: EmbedClient URL PUBLISHER-KEY OUTPUT [CA.pem]")
        }
        do {
            var options = DownloadOptions()
            if arguments.count == 5 { options.tls = try .trusting(authoritiesIn: arguments[4]) }
            if arguments[3] == "-" {
                for try await part in VerifiedBytes(of: arguments[1], publisherKeys: [arguments[2]], options: options) {
                    FileHandle.standardOutput.write(Data(part))
                }
                return
            }
            let download = Download(arguments[1], to: arguments[3], publisherKeys: [arguments[2]], options: options)
            for await case .progress(let progress) in download.events {
                print("\(progress.bytes) of \(progress.totalBytes) bytes")
            }
            let summary = try await download.result
            print("\(summary.path): \(summary.bytes) bytes, \(summary.fetchedChunks) chunks fetched")
        } catch {
            print("error: \(error)")
        }
    }
}
