import FDLCore
import FDLCrypto
import FDLPlan

extension Ranking {
    /// How the chunks of a manifest belong to a download's sources.
    convenience init(_ manifest: Manifest, among sources: [Manifest.Source]) {
        self.init(
            layout: manifest.layout,
            digests: manifest.digests,
            sources: sources.map { (Affinity.Key($0.url), $0.kind) }
        )
    }
}

extension Affinity.Key {
    /// The key of the source at `url`.
    init(_ url: SourceURL) {
        let text = "\(url)"
        self.init(url: text, digest: SHA256Digest(hashing: Array(text.utf8)))
    }
}
