import ArgumentParser
import FDLClient
import FDLCommand
import FDLCore
import FDLSystem
import FDLTrust

/// Who may have signed a manifest, and which of its versions are accepted.
struct ManifestOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The publisher's public key: this time no other is accepted.", valueName: "pub"),
        completion: .file()
    )
    var publisherKey: [String] = []

    @Option(
        help: ArgumentHelp("A label of your trust store: this time no other is accepted.", valueName: "label")
    )
    var publisher: [String] = []

    @Option(
        help: ArgumentHelp(
            "The manifest's signature, if it is not beside it: a file or a pipe, - for standard input.",
            valueName: "file"
        ),
        completion: .file()
    )
    var signature: String?

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
        /// As they were read, with the signatures.
        let bytes: SignedBytes
        /// The worker it was fetched from.
        let worker: SourceURL?
    }

    /// What `manifest` on the command line is, for help.
    static let argumentHelp: ArgumentHelp = """
        A manifest on this machine, - for standard input, or the https URL of one, of a worker, or of a file that it \
        serves.
        """

    /// Finds, reads or fetches a manifest and verifies it.
    /// - Parameter onlyLooks: whether it does not matter if it is the newest, or has expired.
    func load(
        _ manifest: String,
        _ sources: SourceOptions,
        _ access: SourceAccess,
        _ reporter: Reporter,
        onlyLooks: Bool = false
    ) async throws(Failure) -> Accepted {
        let found = Self.isURL(manifest) ? try await find(manifest, sources, access, reporter) : nil
        var acceptance = ManifestAcceptance(directories: .current)
        acceptance.allowsUnsigned = allowUnsigned
        acceptance.allowsOlder = allowOlder
        acceptance.publisherKeys = publisherKey
        acceptance.publishers = publisher
        acceptance.usesState = !noState
        acceptance.name = name ?? found.flatMap { ManifestFetch.name(askedBy: $0.url) }
        acceptance.passedOver = { reporter.warn("passed over: \($0.failure.message)") }
        let now = UTCTime.now
        let bytes: SignedBytes
        let verified: VerifiedManifest
        if let found {
            let tls = try sources.tls(of: nil)
            reporter.busy("fetching \(shortened(shownURL(found.url)))")
            let trees = try sources.trees()
            let place = RemoteManifest(found.url, tls: tls, access: access, trees: trees) { origin in
                reporter.redirected(found.url, to: origin)
            }
            (verified, bytes) = try await Self.verify(place, acceptance)
        } else if PipedManifest.isNeeded(manifest, signature) {
            let place = try PipedManifest(manifest: manifest, signature: signature)
            (verified, bytes) = try await Self.verify(place, acceptance)
        } else {
            (verified, bytes) = try await Self.verify(ManifestFile(manifest), acceptance)
        }
        try found?.check(verified.manifest)
        if !onlyLooks { try acceptance.check(verified, now: now) }
        if let path = found?.path, verified.manifest.files.count > 1 {
            reporter.note(
                "\(shortened(path)) is part of \(verified.manifest.name), whose \(verified.manifest.files.count) files "
                    + "belong together"
            )
        }
        if acceptance.name == nil { noteName(verified.manifest.name, manifest, reporter) }
        noteServer(of: verified, found.flatMap { ManifestFetch.worker(serving: $0.url) })
        if noState { reporter.warn("rollback protection is off (--no-state): an older version would go unnoticed") }
        return Accepted(
            verified: verified,
            acceptance: acceptance,
            bytes: bytes,
            worker: found.flatMap { ManifestFetch.worker(serving: $0.url) }
        )
    }

    /// Verifies what lies at a place, and keeps its bytes.
    private static func verify(
        _ place: some ManifestPlace,
        _ acceptance: ManifestAcceptance
    ) async throws(Failure) -> (VerifiedManifest, SignedBytes) {
        let keeper = ByteKeeper(place)
        let verified = try await acceptance.verify(keeper)
        guard let bytes = keeper.bytes else { throw Failure(.localIO, "the manifest was not read") }
        return (verified, bytes)
    }

    /// A manifest that lies beside an output: whoever may sign the new one may have signed it, and its age says nothing.
    func earlier(_ kept: KeptManifest) async throws(Failure) -> VerifiedManifest {
        var acceptance = ManifestAcceptance(directories: .current)
        acceptance.allowsUnsigned = allowUnsigned
        acceptance.publisherKeys = publisherKey
        acceptance.publishers = publisher
        return try await acceptance.verify(ManifestFile(kept.path))
    }

    private func find(
        _ manifest: String,
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

    /// Notes where trust update can ask for the later statements of whoever has signed a manifest.
    private func noteServer(of verified: VerifiedManifest, _ tree: SourceURL?) {
        guard !noState, let tree, tree.query == nil, case .statement(let anchor)? = verified.publisher?.identity else {
            return
        }
        KeyRing(directories: .current).note(server: tree, of: anchor)
    }

    /// Notes that a manifest's name differs from what its file name suggests: nobody signs a file name, yet people go
    /// by it.
    private func noteName(_ name: ManifestName, _ manifest: String, _ reporter: Reporter) {
        // A URL's query is secret.
        let file = splitLast(Self.isURL(manifest) ? String(manifest.prefix { $0 != "?" }) : manifest).name
        let asked = FileNames.manifestName(inFile: file)
        guard asked != file, ManifestName(from: asked) != name else { return }
        reporter.note("\(file) is the manifest of \(name)")
    }

    // Any scheme counts here: `ManifestFetch` refuses all but https, and says which one is wanted.
    static func isURL(_ manifest: String) -> Bool { manifest.contains("://") }
}
