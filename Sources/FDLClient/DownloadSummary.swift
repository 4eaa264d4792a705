public import FDLCore
public import FDLTrust

/// The result of a finished download.
public struct DownloadSummary: Sendable {
    /// The path of the output; `-` for standard output.
    public let path: String
    /// The size of the output in bytes.
    public let bytes: Int64
    /// All chunks of the manifest.
    public let totalChunks: Int
    /// Chunks that came over the network. The others were in the output or a seed already, are copies of these, or are
    /// all zeros.
    public let fetchedChunks: Int
    /// The length of those chunks, in bytes.
    public let fetchedBytes: Int64
    /// From the start to the end of the job, on the monotonic clock.
    public let duration: Duration
    /// How much of that chunks were fetched in; zero if none were.
    public let fetchDuration: Duration
    public let sources: [SourceOutcome]

    /// Chunks that did not have to be fetched.
    public var reusedChunks: Int { totalChunks - fetchedChunks }
}

/// One source and its part in a download.
public struct SourceOutcome: Sendable {
    public let source: Manifest.Source
    public let report: SourceReport
    /// What has come from it, in bytes: also of chunks that are not complete, and of those that another source gave
    /// before. It never falls, so that a rate can be made of it; the sources' sum is not more than what has come in all.
    public let receivedBytes: Int64
}

/// What a download reports while it runs.
public enum DownloadEvent: Sendable {
    /// Local files have been scanned: the partial output, the seeds, and an output to be replaced. `reused` of `total`
    /// chunks were found there; chunks of zeros that had to be added as holes do not count.
    case scanned(reused: Int, total: Int)
    /// The manifest is accepted. Reported by `Download`.
    case accepted(VerifiedManifest)
    /// Local files are being read: so many bytes of so many. Comes often, and on several threads.
    case scanning(bytes: Int64, totalBytes: Int64)
    /// Other local files are being read for what can be taken from them, the output to be replaced among them: so many
    /// bytes of so many. Comes often, and on several threads.
    case copying(bytes: Int64, totalBytes: Int64)
    /// Some times a second while chunks are fetched.
    case progress(DownloadProgress)
    /// Every chunk is stored. Now the output is made to survive a loss of power, which takes as long as the disk needs.
    case finishing
    /// What is left of a replaced folder is kept at `path`: files that appeared in it meanwhile and are not listed in
    /// the manifest, or that could not be removed.
    case kept(path: String)
    /// The file system cannot do something, and the output does without. Reported once for each limitation.
    case limited(DownloadLimitation)
    /// A source gives nothing at present, and is asked again later. Told once for a reason.
    case sourceFailing(Manifest.Source, reason: String)
    /// A source that was told of as failing gives bytes again.
    case sourceReturned(Manifest.Source)
    /// A source is not asked again in this job.
    case sourceDropped(Manifest.Source, reason: String)
    /// A source leads to another origin for what it is asked. Told once of each.
    case redirected(Manifest.Source, to: Origin)
    /// A source sent wrong bytes for a chunk.
    case corrupt(Manifest.Source, chunk: Int)
}

/// Something that a file system cannot do, and that the output's bytes do not depend on.
public enum DownloadLimitation: Sendable, Hashable, CustomStringConvertible {
    /// There are no locks: two downloads of the same output may disturb each other.
    case noLock(path: String)
    /// How many files could not be made executable.
    case executableBit(files: Int)

    /// One line for a person, without a full stop.
    public var description: String {
        switch self {
        case .noLock(let path):
            "\(path) cannot be locked on this file system: do not run a second download of it at the same time"
        case .executableBit(let files):
            "the executable bit of \(files == 1 ? "one file" : "\(files) files") cannot be set on this file system"
        }
    }
}
