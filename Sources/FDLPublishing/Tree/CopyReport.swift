package import FDLCore

/// How many good copies there are of each chunk of a manifest, in several trees.
package struct CopyReport: Sendable {
    package let name: ManifestName
    package let version: Int64
    /// How many different chunks have so many good copies.
    package var counts: [Int: Int] = [:]
    /// The chunks that lack a copy, by their digests; after healing, those that still do.
    package var lacking: [Lacking] = []
    /// How many copies were made, or made again.
    package var healed = 0
    /// Compressed forms that are not what they should be. Healing removes them.
    package var wrongForms: [String] = []

    /// A chunk that is not everywhere where it belongs.
    package struct Lacking: Sendable, Hashable {
        package let digest: SHA256Digest
        package let good: Int
        /// The trees that lack it.
        package let missing: [String]
        /// The trees in which it has wrong bytes.
        package let wrong: [String]
    }

    /// Whether each chunk is good wherever it belongs, and no compressed form is wrong.
    package var isWhole: Bool { lacking.isEmpty && wrongForms.isEmpty }

    package init(name: ManifestName, version: Int64) {
        self.name = name
        self.version = version
    }

    mutating func add(_ other: CopyReport) {
        counts.merge(other.counts) { $0 + $1 }
        lacking += other.lacking
        healed += other.healed
        wrongForms += other.wrongForms
    }
}
