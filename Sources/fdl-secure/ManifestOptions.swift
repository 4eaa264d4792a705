import ArgumentParser
import FDLClient
import FDLCommand
import FDLCore
import FDLSystem
import FDLTrust

/// The manifest, and who may have signed it.
struct ManifestOptions: ParsableArguments {
    @Argument(help: "A manifest on this machine, or the https URL of one, of a worker, or of a file that it serves.")
    var manifest: String

    @Option(help: ArgumentHelp("The publisher's public key: this time no other is accepted.", valueName: "pub"))
    var publisherKey: [String] = []

    @Option(
        help: ArgumentHelp("A label of your trust store: this time no other is accepted.", valueName: "label")
    )
    var publisher: [String] = []

    @Option(
        help: ArgumentHelp(
            "What the manifest must be named. Default for a URL: what its last part asks for.",
            valueName: "name"
        )
    )
    var name: String?

    @Flag(help: "Accept a manifest without a signature: nobody then vouches for the bytes.")
    var allowUnsigned = false

    @Flag(help: "Accept a version older than one seen before.")
    var allowOlder = false

    @Flag(help: "Neither read nor note the versions seen: an older one then passes for the newest.")
    var noState = false

    /// A manifest that this user accepts.
    struct Accepted {
        let verified: VerifiedManifest
        /// To be told when the manifest is followed.
        let acceptance: ManifestAcceptance
        /// The worker it was fetched from.
        let worker: SourceURL?
    }

    /// Finds, reads or fetches the manifest and verifies it.
    func load(_ sources: SourceOptions, _ access: SourceAccess, _ reporter: Reporter) async throws(Failure) -> Accepted
    {
        let found = isURL ? try await find(sources, access, reporter) : nil
        var acceptance = ManifestAcceptance(directories: .current)
        acceptance.allowsUnsigned = allowUnsigned
        acceptance.allowsOlder = allowOlder
        acceptance.publisherKeys = publisherKey
        acceptance.publishers = publisher
        acceptance.usesState = !noState
        acceptance.name = name ?? found.flatMap { ManifestFetch.name(askedBy: $0.url) }
        acceptance.passedOver = { reporter.warn("passed over: \($0.failure.message)") }
        let now = UTCTime.now
        let verified: VerifiedManifest
        if let found {
            let tls = try sources.tls(of: nil)
            reporter.busy("fetching \(shortened(shownURL(found.url)))")
            let trees = try sources.trees()
            let place = RemoteManifest(found.url, tls: tls, access: access, trees: trees) { origin in
                reporter.redirected(found.url, to: origin)
            }
            verified = try await acceptance.verify(place)
        } else {
            verified = try await acceptance.verify(ManifestFile(manifest))
        }
        try found?.check(verified.manifest)
        try acceptance.check(verified, now: now)
        if let path = found?.path, verified.manifest.files.count > 1 {
            reporter.note(
                "\(shortened(path)) is part of \(verified.manifest.name), whose \(verified.manifest.files.count) files "
                    + "belong together"
            )
        }
        if acceptance.name == nil { noteName(verified.manifest.name, reporter) }
        if noState { reporter.warn("rollback protection is off (--no-state): an older version would go unnoticed") }
        return Accepted(
            verified: verified,
            acceptance: acceptance,
            worker: found.flatMap { ManifestFetch.worker(serving: $0.url) }
        )
    }

    private func find(
        _ sources: SourceOptions,
        _ access: SourceAccess,
        _ reporter: Reporter
    ) async throws(Failure) -> ManifestFinder.Found {
        reporter.busy("looking for the manifest of \(shortened(shownURL(manifest)))")
        let found = try await ManifestFinder.find(
            manifest,
            name: name,
            tls: try sources.tls(of: nil),
            access: access
        )
        if let name = found.shownIfFound { reporter.note("the manifest is \(name)") }
        return found
    }

    /// Notes that a manifest's name differs from what its file name suggests: nobody signs a file name, yet people go
    /// by it.
    private func noteName(_ name: ManifestName, _ reporter: Reporter) {
        // A URL's query is secret.
        let file = splitLast(isURL ? String(manifest.prefix { $0 != "?" }) : manifest).name
        let asked = FileNames.manifestName(inFile: file)
        guard asked != file, ManifestName(from: asked) != name else { return }
        reporter.note("\(file) is the manifest of \(name)")
    }

    // Any scheme counts here: `ManifestFetch` refuses all but https, and says which one is wanted.
    var isURL: Bool { manifest.contains("://") }
}
