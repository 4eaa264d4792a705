/// How far the fetching of a download is.
public struct DownloadProgress: Sendable {
    /// Chunks that are stored, or were there already.
    public let chunks: Int
    public let totalChunks: Int
    /// The bytes of those chunks.
    public let bytes: Int64
    public let totalBytes: Int64
    /// Files of which every chunk is there, or one with the same content.
    public let files: Int
    public let totalFiles: Int
    /// What of `bytes` was there before anything was fetched.
    public let reusedBytes: Int64
    /// What has come from the sources so far, in bytes: also of chunks that are not complete or not stored yet, and what
    /// was asked for twice. It never falls, so that a rate can be made of it.
    public let receivedBytes: Int64
    /// Each source and its part so far.
    public let sources: [SourceOutcome]
}
