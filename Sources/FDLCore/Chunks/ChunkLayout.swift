/// Where each chunk of a manifest lies. Chunks are numbered from 0 through all files in order.
package struct ChunkLayout: Sendable, Equatable {
    package let chunkSize: ChunkSize
    /// In bytes, in the manifest's order.
    package let fileSizes: [Int64]
    /// The number of chunks of all files.
    package let chunkCount: Int
    // The number of each file's first chunk, and after the last one the count of all: a manifest has 2^20 at most.
    private let firstChunks: [Int32]

    /// Where one chunk lies.
    package struct Location: Sendable, Hashable {
        /// Which file.
        package let file: Int
        /// The chunk's first byte within that file.
        package let offset: Int64
        /// In bytes: never 0, at most the chunk size.
        package let length: Int
    }

    /// Sizes are taken as checked: a `Manifest` has refused negative ones and those with too many chunks.
    package init(chunkSize: ChunkSize, fileSizes: [Int64]) {
        self.chunkSize = chunkSize
        self.fileSizes = fileSizes
        var firsts: [Int32] = []
        firsts.reserveCapacity(fileSizes.count + 1)
        var next = 0
        for size in fileSizes {
            firsts.append(Int32(next))
            next += Int(chunkSize.chunkCount(fileSize: size))
        }
        firsts.append(Int32(next))
        self.firstChunks = firsts
        self.chunkCount = next
    }

    /// The chunks of one file.
    package func chunks(ofFile file: Int) -> Range<Int> { Int(firstChunks[file])..<Int(firstChunks[file + 1]) }

    /// Which file a chunk belongs to.
    package func file(ofChunk chunk: Int) -> Int {
        // The last file whose first chunk is at or before this one; empty files share their first chunk with the
        // file after them, and the search passes over them.
        var low = 0
        var high = fileSizes.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if firstChunks[middle] <= chunk { low = middle } else { high = middle }
        }
        return low
    }

    /// Where a chunk lies.
    package func location(ofChunk chunk: Int) -> Location {
        let file = file(ofChunk: chunk)
        let offset = Int64(chunk - Int(firstChunks[file])) * Int64(chunkSize.bytes)
        return Location(file: file, offset: offset, length: Int(min(Int64(chunkSize.bytes), fileSizes[file] - offset)))
    }

    /// The length of a chunk in bytes.
    package func length(ofChunk chunk: Int) -> Int { location(ofChunk: chunk).length }

    /// How many bytes chunks have together.
    package func bytes(of chunks: ChunkSet) -> Int64 { chunks.reduce(0) { $0 + Int64(length(ofChunk: $1)) } }
}
