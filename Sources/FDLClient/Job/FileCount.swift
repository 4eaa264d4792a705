import FDLCore

/// How many files of a folder have all of their chunks.
struct FileCount: Sendable {
    private let layout: ChunkLayout
    /// By the file's number: how many of its chunks are missing.
    private var missing: [Int32]
    private(set) var complete: Int

    init(_ layout: ChunkLayout, missing chunks: ChunkSet) {
        self.layout = layout
        var missing = [Int32](repeating: 0, count: layout.fileSizes.count)
        for chunk in chunks { missing[layout.file(ofChunk: chunk)] += 1 }
        self.missing = missing
        complete = missing.count { $0 == 0 }
    }

    var total: Int { missing.count }

    /// A chunk that was missing is there. Called once for each.
    mutating func add(_ chunk: Int) {
        let file = layout.file(ofChunk: chunk)
        missing[file] -= 1
        if missing[file] == 0 { complete += 1 }
    }
}
