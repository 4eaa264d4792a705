// What README.md and FDLClient's article show, so that it is compiled.
import FDLClient

func downloading() async throws -> DownloadSummary {
    let download = Download("https://worker.example/manifests/big.iso.json", to: "big.iso", publisherKeys: ["RW…"])
    for await event in download.events { print(event) }
    let summary = try await download.result
    return summary
}

func takingBytes() async throws {
    for try await part in VerifiedBytes(of: "https://worker.example/manifests/big.iso.json", publisherKeys: ["RW…"]) {
        print(part.count)
    }
}

func choosing() throws -> DownloadOptions {
    var options = DownloadOptions()
    options.tls = try .trusting(authoritiesIn: "ca.pem")
    options.rateLimit = 10 << 20
    options.isWanted = { $0.size < 1 << 30 }
    options.sources = [Manifest.Source(kind: .mirror, url: try SourceURL("https://mirror.example/pub/"))]
    return options
}
