import FDLCore

/// How a tree is published.
package struct PublishingOptions: Sendable {
    /// What becomes of the whole files.
    package enum Files: Sendable, Hashable {
        /// Copied, or where the file system can do that, sharing the original's data until one of them is changed.
        case copied
        /// A second name of the original, and a copy where that cannot be.
        case linked
        /// Chunks and manifests alone.
        case none
    }

    package var files = Files.copied
    /// zlib's level, 1 to 9, for the compressed forms of chunks; nil for none.
    package var compressionLevel: Int32?
    /// How the chunks are spread over several directories; nil if each has all of them.
    package var placement: FragmentPlacement?
    /// What else lies beside the manifest in the tree: further signatures, say. By their names there.
    package var documents: [(name: String, bytes: [UInt8])] = []

    package init() {}
}

/// What a publishing has done.
package struct PublishingSummary: Sendable, Hashable {
    /// One directory.
    package struct Tree: Sendable, Hashable {
        package let path: String
        /// How many different chunks of the manifest belong here.
        package var chunks = 0
        /// How many of them were not here yet.
        package var newChunks = 0
        /// In bytes, those that were not here yet.
        package var newBytes: Int64 = 0
        /// How many of the new chunks have a compressed form.
        package var compressed = 0
    }

    package var trees: [Tree]
    /// How many whole files were written.
    package var files = 0
    /// How many files could not be linked and were copied.
    package var notLinked = 0
}
