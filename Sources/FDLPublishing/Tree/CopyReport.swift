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
    /// How many whole files were looked at.
    package var files = 0
    /// The whole files that are not as the manifest lists them, by their paths; after healing, those that still are not.
    package var badFiles: [BadFile] = []

    /// A chunk that is not everywhere where it belongs.
    package struct Lacking: Sendable, Hashable {
        package let digest: SHA256Digest
        package let good: Int
        /// The trees that lack it.
        package let missing: [String]
        /// The trees in which it has wrong bytes.
        package let wrong: [String]
    }

    /// A whole file that is missing in a tree, or wrong there.
    package struct BadFile: Sendable, Hashable {
        package let path: String
        package let isMissing: Bool
    }

    /// Whether each chunk is good wherever it belongs, no compressed form is wrong, and no whole file.
    package var isWhole: Bool { lacking.isEmpty && wrongForms.isEmpty && badFiles.isEmpty }

    package init(name: ManifestName, version: Int64) {
        self.name = name
        self.version = version
    }

    mutating func add(_ other: CopyReport) {
        counts.merge(other.counts) { $0 + $1 }
        lacking += other.lacking
        healed += other.healed
        wrongForms += other.wrongForms
        files += other.files
        badFiles += other.badFiles
    }
}
