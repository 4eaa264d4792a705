import ArgumentParser
import FDLCommand
import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust

/// Whose manifests are published and exported.
struct PublisherOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Accept this key and no other: a .pub file, or its second line. May be repeated.",
            discussion: "By default your own key and those you trust.",
            valueName: "pub"
        )
    )
    var publisherKey: [String] = []

    /// Reads a manifest with its signature and verifies both.
    func read(_ path: String) async throws -> (SignedBytes, VerifiedManifest) {
        var acceptance = ManifestAcceptance(directories: .current)
        acceptance.publisherKeys = publisherKey
        acceptance.usesState = false
        acceptance.passedOver = { StandardStream.error.write("warning: passed over: \($0.failure.message)\n") }
        let file = ByteKeeper(ManifestFile(path))
        let verified = try await acceptance.accept(file, now: .now)
        guard let bytes = file.bytes else { throw Failure.interrupted }
        return (bytes, verified)
    }
}
