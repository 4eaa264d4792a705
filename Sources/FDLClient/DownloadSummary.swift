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
    /// Something that the file system cannot do, and what is lost with it. Told once of each.
    case limited(DownloadLimitation)
    /// A source is no longer asked.
    case sourceDropped(Manifest.Source, reason: String)
    /// A source sent wrong bytes for a chunk.
    case corrupt(Manifest.Source, chunk: Int)
}

/// What a file system lacks that the bytes do not need.
public enum DownloadLimitation: Sendable, Hashable, CustomStringConvertible {
    /// There are no locks: two downloads of one output may meet.
    case noLock(path: String)
    /// So many files could not be made executable, or kept the bit though they should not have it.
    case executableBit(files: Int)

    /// One line for people, without a full stop.
    public var description: String {
        switch self {
        case .noLock(let path):
            "\(path) cannot be locked on this file system: do not run a second download of it at the same time"
        case .executableBit(let files):
            "the executable bit of \(files == 1 ? "one file" : "\(files) files") cannot be set on this file system"
        }
    }
}
