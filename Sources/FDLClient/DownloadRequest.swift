public import FDLCore
public import FDLTLS
public import FDLTrust
public import NIOCore

/// What to download, from which sources, and where to.
public struct DownloadRequest: Sendable {
    public var manifest: VerifiedManifest
    public var output: Output
    /// The sources to fetch from. Sources that the manifest names are used only if they are listed here too.
    public var sources: [Manifest.Source]
    public var tls: TLSClientConfiguration
    /// Proxies, and what sources are shown. For a source that is shown a secret, the authorities of
    /// `TrustRoots.systemAnd` do not count, only the system's.
    public var access = SourceAccess()
    /// The most connections to one source; nil lets the plan choose.
    public var connectionsPerSource: Int?
    public var compression: Compression = .auto
    /// The most bytes a second from all sources together; nil for no limit.
    public var rateLimit: Int64?
    /// Paths of local files and folders that may hold some of the chunks.
    public var seeds: [String] = []
    /// Whether an existing output with different content is replaced once the download is complete.
    public var replacesExisting = false
    /// If a folder is replaced: the earlier version that wrote it, whose files go if this one does not list them. Nil
    /// if it may hold only what this manifest lists.
    public var replacedManifest: Manifest?
    /// Whether even large files are written through the page cache: useful if a program reads them right away.
    public var usesPageCache = false
    /// The event loops to run on; nil for those that all downloads of this process share.
    public var eventLoops: (any EventLoopGroup)?
    /// Called before the first chunk is asked for, and once more when the output is complete: the manifest is followed
    /// from then on (`ManifestAcceptance.note`). What it throws ends the download.
    public var follow: @Sendable () throws(Failure) -> Void = {}

    /// Where the bytes go.
    public enum Output: Sendable, Hashable {
        /// A file, or a folder if the manifest lists one.
        case path(String)
        /// Standard output, in order.
        case standardOutput
        /// A descriptor, in order; it stays the caller's to close.
        case descriptor(Int32)
    }

    /// Whether chunks are asked for in compressed form (RFC 9110 section 12.5.3). This concerns workers only: there is
    /// no digest for a range of a compressed file, so mirrors are always asked for plain bytes.
    public enum Compression: String, Sendable, CaseIterable {
        /// If the connection is slow enough for compression to save time, and the data shrinks.
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

    /// Whether the bytes go somewhere in order, and not to a path.
    var isStream: Bool { if case .path = output { false } else { true } }

    /// Whether any file of the output is to be written past the page cache, provided that the file system can.
    var writesDirectly: Bool {
        guard case .path = output, !usesPageCache else { return false }
        return manifest.manifest.files.contains { $0.size >= OutputFile.directSize }
    }
}
