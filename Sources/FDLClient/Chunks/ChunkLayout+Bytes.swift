import FDLCore

extension ChunkLayout {
    /// How many bytes chunks have together.
    func bytes(of chunks: ChunkSet) -> Int64 { chunks.reduce(0) { $0 + Int64(length(ofChunk: $1)) } }
}
