/// Which source a chunk belongs to first, which one second, and so on: rendezvous hashing, the same for whoever places
/// chunks on sources and for whoever asks for them. `docs/formats.md` has vectors.
///
/// All readers ask the same source first, so that caches hold a share each, and fragments are found without an index.
/// If a source comes or goes, only the chunks that it is first for move.
package enum Affinity {
    /// What stands for a source.
    package struct Key: Sendable, Hashable {
        /// The first 8 bytes, big-endian, of the SHA-256 of `url`.
        package let word: UInt64
        /// The source's URL as `SourceURL` prints it: without a query, and before any redirect.
        package let url: String

        /// - Parameter digest: the SHA-256 of `url`.
        package init(url: String, digest: SHA256Digest) {
            self.url = url
            word = digest.leadingWord
        }
    }

    /// How much a chunk belongs to a source: the more the higher. SplitMix64's finalizer over both, so that every bit
    /// of either counts.
    /// - Parameters:
    ///   - chunk: the first 8 bytes of the chunk's digest, big-endian; for a mirror of the first chunk of its run, for
    ///     a worker of the first of its group.
    ///   - source: the word of the source's key.
    @inline(__always)
    package static func weight(chunk: UInt64, source: UInt64) -> UInt64 {
        var z = chunk ^ source
        z ^= z >> 30
        z &*= 0xbf58_476d_1ce4_e5b9
        z ^= z >> 27
        z &*= 0x94d0_49bb_1331_11eb
        z ^= z >> 31
        return z
    }

    /// How many neighbouring chunks of a file a mirror takes as one, from the file's start.
    package static func run(chunkSize: ChunkSize) -> Int { max(1, (8 << 20) / chunkSize.bytes) }

    /// How many small neighbouring chunks of a file a worker takes as one, from the file's start, as long as no worker
    /// is known to lack any: a reader that has neighbours from one source writes them together. Only where there are
    /// so many that it does not matter what is asked in vain until fragments are recognized.
    /// - Parameter count: of all chunks.
    package static func group(chunkSize: ChunkSize, count: Int) -> Int {
        count < 4096 ? 1 : max(1, (1 << 20) / chunkSize.bytes)
    }

    /// The places in `sources` by what a chunk belongs to them, the first one first. Equal weights are ordered by the
    /// URLs' bytes.
    package static func order(of digest: SHA256Digest, among sources: [Key]) -> [Int] {
        let weights = sources.map { weight(chunk: digest.leadingWord, source: $0.word) }
        return sources.indices.sorted { left, right in
            guard weights[left] == weights[right] else { return weights[left] > weights[right] }
            return sources[left].url.utf8.lexicographicallyPrecedes(sources[right].url.utf8)
        }
    }
}
