extension Manifest {
    /// The same manifest with some of its files only: what a reader takes of a folder. It is what the publisher signed all
    /// the same, each file with its digests.
    ///
    /// A file that is published by itself is no folder: of that the manifest itself is returned.
    /// - Parameter isWanted: asked of each file.
    /// - Returns: nil if no file is wanted.
    package func selecting(_ isWanted: (File) -> Bool) -> Manifest? {
        let wanted = files.indices.filter { isWanted(files[$0]) }
        guard !wanted.isEmpty else { return nil }
        guard wanted.count < files.count, !isSingleFile else { return self }
        return Manifest(self, of: wanted)
    }
}
