import ArgumentParser
import FDLCommand
import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust
import Synchronization

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
        let file = RememberedFile(path)
        let verified = try await acceptance.accept(file, now: .now)
        guard let bytes = file.bytes else { throw Failure.interrupted }
        return (bytes, verified)
    }
}

/// A manifest's file that remembers what was read last: reading may be repeated, and what was verified is what counts.
private final class RememberedFile: ManifestPlace {
    private let file: ManifestFile
    private let last = Mutex<SignedBytes?>(nil)

    init(_ path: String) { file = ManifestFile(path) }

    var bytes: SignedBytes? { last.withLock { $0 } }

    func read() async throws(Failure) -> SignedBytes {
        let bytes = try await file.read()
        last.withLock { $0 = bytes }
        return bytes
    }

    func signature(by key: KeyID) async throws(Failure) -> [UInt8]? { try await file.signature(by: key) }

    // All that is checked is the file's.
    var isLive: Bool { file.isLive }
    var freshnessName: String { file.freshnessName }
    var statementPlaces: [any StatementPlace] { file.statementPlaces }

    func freshness() async throws(Failure) -> SignedFreshness? { try await file.freshness() }
}
