public import FDLCore

/// What a finished download did.
public struct DownloadSummary: Sendable {
    /// Where the result lies; `-` for standard output.
    public let path: String
    /// The size of the result in bytes.
    public let bytes: Int64
    /// All chunks of the manifest.
    public let totalChunks: Int
    /// Chunks that came over the network. The others were there already, or in a seed.
    public let fetchedChunks: Int
    /// From the start to the end, on the monotonic clock.
    public let duration: Duration
    public let sources: [SourceOutcome]

    public var reusedChunks: Int { totalChunks - fetchedChunks }
}

/// What came of one source.
public struct SourceOutcome: Sendable {
    public let source: Manifest.Source
    public let report: SourceReport
}

/// What a download tells while it runs.
public enum DownloadEvent: Sendable {
    /// The part of the output that was there has been looked through.
    case scanned(reused: Int, total: Int)
    /// Once a second, while chunks come in: verified chunks and bytes (of `totalBytes`).
    case progress(chunks: Int, totalChunks: Int, bytes: Int64, totalBytes: Int64)
    /// A folder was replaced, and files that appeared in it meanwhile and that no manifest lists are kept there.
    case kept(path: String)
    /// A source is no longer asked.
    case sourceDropped(Manifest.Source, reason: String)
    /// A source sent wrong bytes for a chunk.
    case corrupt(Manifest.Source, chunk: Int)
}
