import FDLCore
import FDLSystem
import FDLTLS
import FDLTrust

/// From the name of a manifest to the finished output.
struct DownloadWork: Sendable {
    let manifest: String
    let output: DownloadRequest.Output
    let publisherKeys: [String]
    let options: DownloadOptions

    func run(_ report: @escaping @Sendable (DownloadEvent) -> Void) async throws -> DownloadSummary {
        let (accepted, worker, acceptance) = try await accept()
        guard let verified = accepted.selecting(options.isWanted) else {
            throw Failure(.usage, "none of the manifest's files is wanted")
        }
        report(.accepted(verified))
        let fetchedFrom = worker.map { [Manifest.Source(kind: .worker, url: $0)] } ?? []
        var sources: [Manifest.Source] = []
        for source in options.sources + fetchedFrom + verified.manifest.sources
        where !sources.contains(where: { $0.kind == source.kind && $0.url.isSameSource(as: source.url) }) {
            sources.append(source)
        }
        var request = DownloadRequest(
            manifest: verified,
            output: output,
            sources: sources,
            tls: options.tls ?? Self.tls(of: verified.manifest)
        )
        request.access = options.access
        request.compression = options.compression
        request.rateLimit = options.rateLimit
        request.seeds = options.seeds
        request.replacesExisting = options.replacesExisting
        request.eventLoops = options.eventLoops
        request.follow = { () throws(Failure) in try acceptance.note(accepted) }
        return try await Downloader(request, report: report).run()
    }

    private func accept() async throws(Failure) -> (VerifiedManifest, SourceURL?, ManifestAcceptance) {
        var acceptance = ManifestAcceptance(directories: options.directories)
        acceptance.publisherKeys = publisherKeys
        acceptance.usesState = options.usesState
        acceptance.name = options.name
        guard manifest.contains("://") else {
            return (try await acceptance.accept(ManifestFile(manifest), now: .now), nil, acceptance)
        }
        let tls = options.tls ?? TLSClientConfiguration()
        let found = try await ManifestFinder.find(manifest, name: options.name, tls: tls, access: options.access)
        acceptance.name = options.name ?? ManifestFetch.name(askedBy: found.url)
        let place = RemoteManifest(found.url, tls: tls, access: options.access) { _ in }
        let verified = try await acceptance.verify(place)
        try found.check(verified.manifest)
        try acceptance.check(verified, now: .now)
        return (verified, ManifestFetch.worker(serving: found.url), acceptance)
    }

    /// What a manifest says of its sources.
    private static func tls(of manifest: Manifest) -> TLSClientConfiguration {
        var configuration = TLSClientConfiguration()
        if let authority = manifest.trust?.certificateAuthority {
            configuration.trustRoots = .systemAnd(pem: Array(authority.utf8))
        }
        // A manifest with a malformed pin has been refused.
        configuration.pins = (manifest.trust?.pins ?? []).compactMap { PublicKeyPin($0) }
        return configuration
    }
}
