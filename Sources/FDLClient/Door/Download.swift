import FDLCore
public import FDLSystem
public import Logging
public import NIOCore

/// A download of what a publisher signed, from all its sources at once, every chunk verified.
///
///     let download = Download("https://worker.example/manifests/big.iso.json", to: "big.iso", publisherKeys: ["RW…"])
///     for await event in download.events { print(event) }
///     let summary = try await download.result
///
/// It begins at once. If it is cancelled or fails, what was verified is kept, and the same download again goes on there.
public final class Download: Sendable {
    /// What it reports while it runs; ends with it. One loop can take them.
    public let events: AsyncStream<DownloadEvent>
    private let task: Task<DownloadSummary, any Error>

    /// - Parameters:
    ///   - manifest: the https URL of a manifest, of a worker, or of a file that it serves; or the path of a manifest.
    ///   - path: the file or folder to write.
    ///   - publisherKeys: whose signatures are accepted: a minisign public key's second line each (`RW…`), or the path of
    ///     its file. Without any, those in the user's trust store.
    ///   - options: all else.
    public convenience init(
        _ manifest: String,
        to path: String,
        publisherKeys: [String] = [],
        options: DownloadOptions = DownloadOptions()
    ) {
        self.init(manifest, output: .path(path), publisherKeys, options)
    }

    /// Writes to a descriptor, in order, which needs a manifest of one file.
    /// - Parameter descriptor: stays the caller's to close, and must be open until the download has ended.
    public convenience init(
        _ manifest: String,
        to descriptor: Int32,
        publisherKeys: [String] = [],
        options: DownloadOptions = DownloadOptions()
    ) {
        self.init(manifest, output: .descriptor(descriptor), publisherKeys, options)
    }

    init(
        _ manifest: String,
        output: DownloadRequest.Output,
        _ publisherKeys: [String],
        _ options: DownloadOptions,
        whenOver: @escaping @Sendable () -> Void = {}
    ) {
        let (events, continuation) = AsyncStream.makeStream(of: DownloadEvent.self)
        self.events = events
        let work = DownloadWork(manifest: manifest, output: output, publisherKeys: publisherKeys, options: options)
        task = Task {
            defer {
                whenOver()
                continuation.finish()
            }
            do {
                return try await work.run { event in
                    options.log(event)
                    continuation.yield(event)
                }
            } catch let error as any Explained {
                throw DownloadError(error.failure)
            }
        }
    }

    /// How it ended. If the task that waits is cancelled, so is the download.
    /// - Throws: `DownloadError`.
    public var result: DownloadSummary {
        get async throws {
            try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        }
    }

    /// Ends it; `result` throws `DownloadError` with the reason `interrupted`.
    public func cancel() { task.cancel() }
}

/// What there is to choose in a download.
public struct DownloadOptions: Sendable {
    /// How TLS tells that sources are the right ones. By default by the system's authorities and what the manifest says.
    public var tls: TLSClientConfiguration?
    /// Proxies, logins, pins.
    public var access = SourceAccess()
    /// Sources besides those that the manifest names.
    public var sources: [Manifest.Source] = []
    /// What the manifest must be named; nil for what its URL asks for.
    public var name: String?
    /// Where keys, trusted publishers and the versions seen are kept.
    public var directories: UserDirectories
    /// Whether the versions seen are read and noted, so that no older one passes for the newest.
    public var usesState = true
    /// Which files of a folder are wanted.
    public var isWanted: @Sendable (Manifest.File) -> Bool = { _ in true }
    public var compression = DownloadRequest.Compression.auto
    /// The most bytes a second from all sources together; nil for no limit.
    public var rateLimit: Int64?
    /// Paths of local files and folders that may hold some of the chunks.
    public var seeds: [String] = []
    /// Whether an existing output with different content is replaced.
    public var replacesExisting = false
    /// The event loops to run on; nil for those that all downloads of this process share.
    public var eventLoops: (any EventLoopGroup)?
    /// Where notable events are logged; nil for nowhere.
    public var logger: Logger?

    public init(directories: UserDirectories = .current) {
        self.directories = directories
    }

    func log(_ event: DownloadEvent) {
        switch event {
        case .accepted(let manifest):
            logger?.info("manifest accepted: \(manifest.manifest.name) version \(manifest.manifest.version)")
        case .sourceFailing(let source, let reason): logger?.notice("\(source.url) gives nothing now: \(reason)")
        case .sourceReturned(let source): logger?.notice("\(source.url) gives bytes again")
        case .sourceDropped(let source, let reason): logger?.warning("\(source.url) is no longer asked: \(reason)")
        case .corrupt(let source, let chunk): logger?.warning("\(source.url) sent wrong bytes for chunk \(chunk)")
        case .redirected(let source, let origin): logger?.info("\(source.url) leads to \(origin)")
        case .limited(let limitation): logger?.notice("\(limitation)")
        case .kept(let path): logger?.notice("what is left of a replaced folder is kept in \(path)")
        case .scanned(let reused, let total): logger?.debug("\(reused) of \(total) chunks are there already")
        case .finishing: logger?.debug("all chunks are stored")
        case .scanning, .copying, .progress: break
        }
    }
}

/// Why there is no download.
public struct DownloadError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of fault.
    public let reason: ExitCode
    /// One line for a person, without a full stop.
    public let description: String

    init(_ failure: Failure) {
        reason = failure.exitCode
        description = failure.message
    }
}

extension TLSClientConfiguration {
    /// One that trusts only the certificates of a PEM file.
    /// - Throws: `DownloadError` if it cannot be read.
    public static func trusting(authoritiesIn path: String) throws(DownloadError) -> Self {
        do throws(SystemError) {
            return Self(trustRoots: .pem(try WholeFile.read(path, limit: 16 << 20)))
        } catch {
            throw DownloadError(error.failure(for: .settings))
        }
    }
}
