public import FDLCore
public import FDLTLS
public import FDLTrust

/// What to download, from whom, and to where.
public struct DownloadRequest: Sendable {
    public var manifest: VerifiedManifest
    public var output: Output
    /// The sources to fetch from; those of the manifest are not added by themselves.
    public var sources: [Manifest.Source]
    public var tls: TLSClientConfiguration
    /// The most connections to one source; nil lets the plan choose.
    public var connectionsPerSource: Int?
    public var compression: Compression = .auto
    /// Bytes a second over all sources; nil for no limit.
    public var rateLimit: Int64?
    /// Files and folders that may hold some of the chunks already.
    public var seeds: [String] = []
    /// Whether an existing output of other content is replaced once the download is complete.
    public var replacesExisting = false
    /// Whether large files too are written through the page cache: useful if a program reads the file at once.
    public var usesPageCache = false

    /// Where the bytes go.
    public enum Output: Sendable, Hashable {
        /// A file, or a folder if the manifest lists one.
        case path(String)
        /// Standard output, in order.
        case standardOutput
    }

    /// Whether chunks are asked for in compressed form (RFC 9110 section 12.5.3). Mirrors are never asked: a range
    /// of a compressed form has no digest.
    public enum Compression: String, Sendable, CaseIterable {
        /// Where the connection is slow enough for decoding to be the faster way, and the worker has found the data
        /// to shrink.
        case auto
        case always
        case never
    }

    public init(
        manifest: VerifiedManifest,
        output: Output,
        sources: [Manifest.Source],
        tls: TLSClientConfiguration
    ) {
        self.manifest = manifest
        self.output = output
        self.sources = sources
        self.tls = tls
    }

    /// Whether some file of the output goes past the page cache, if the file system can.
    var writesDirectly: Bool {
        guard case .path = output, !usesPageCache else { return false }
        return manifest.manifest.files.contains { $0.size >= OutputFile.directSize }
    }
}
