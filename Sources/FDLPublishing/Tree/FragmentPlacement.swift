package import FDLCore
import FDLCrypto

/// Which of several directories hold a chunk: the first few sources of the order that every reader has too (`Affinity`).
package struct FragmentPlacement: Sendable, Hashable {
    /// What stands for each directory: the URLs of the servers that will serve them.
    package let urls: [SourceURL]
    /// How many directories hold each chunk.
    package let replicas: Int
    private let keys: [Affinity.Key]

    /// - Parameters:
    ///   - urls: one a directory; nobody has two.
    ///   - replicas: from 1 to the number of directories.
    package init(urls: [SourceURL], replicas: Int) {
        self.urls = urls
        self.replicas = replicas
        keys = urls.map { Affinity.Key(url: "\($0)", digest: SHA256Digest(hashing: Array("\($0)".utf8))) }
    }

    /// The directories that hold a chunk, the first choice first.
    package func holders(of digest: SHA256Digest) -> [Int] {
        guard replicas < keys.count else { return Array(keys.indices) }
        return Array(Affinity.order(of: digest, among: keys).prefix(replicas))
    }
}
