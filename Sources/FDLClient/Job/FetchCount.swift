import FDLCore
import FDLPlan

/// How much of a download is there, and what has come for it.
struct FetchCount {
    let layout: ChunkLayout
    /// All chunks and bytes of the manifest.
    let total: (chunks: Int, bytes: Int64)
    /// What of these needs no fetching.
    let there: (chunks: Int, bytes: Int64)
    private(set) var storedChunks = 0
    /// The length of those, in bytes.
    private(set) var storedBytes: Int64 = 0
    private(set) var files: FileCount
    private(set) var received: ReceivedBytes

    /// - Parameters:
    ///   - missing: the chunks to fetch.
    ///   - sources: how many there are.
    init(_ layout: ChunkLayout, missing: ChunkSet, sources: Int) {
        self.layout = layout
        total = (layout.chunkCount, layout.fileSizes.reduce(0, +))
        there = (total.chunks - missing.count, total.bytes - layout.bytes(of: missing))
        files = FileCount(layout, missing: missing)
        received = ReceivedBytes(sources: sources)
    }

    /// Takes an event before the plan does.
    /// - Parameter source: of a request; nil if the plan does not know it any more.
    mutating func note(_ event: DownloadPlan.Event, source: (RequestID) -> Int?) {
        if case .stored(let chunk) = event {
            storedChunks += 1
            storedBytes += Int64(layout.length(ofChunk: chunk))
            files.add(chunk)
        }
        received.note(event, source: source) { layout.length(ofChunk: $0) }
    }
}
