public import FDLCore
import FDLSystem

/// What a publisher states about an input besides its bytes. Nil stands for a default, or for nothing.
public struct ManifestRecipe: Sendable {
    /// By default made from the input's own name.
    public var name: ManifestName?
    /// By default the Unix time of signing.
    public var version: Int64?
    public var expires: UTCTime?
    /// By default chosen by the total size.
    public var chunkSize: ChunkSize?
    /// Whether each file's plain SHA-256 goes into the manifest too, at the price of hashing twice.
    public var includesFileDigests = false
    public var sources: [Manifest.Source] = []
    public var trust: Manifest.Trust?
    /// Told, on any thread and perhaps more than once, of each file that is a private key by its content: what is signed
    /// is served to all who ask for it.
    public var onPrivateKey: (@Sendable (_ path: String) -> Void)?

    public init() {}

    /// Hashes the input and makes its manifest, which is not signed yet.
    /// - Parameters:
    ///   - now: the publisher's clock.
    ///   - threads: how many threads hash; by default one a core.
    ///   - progress: is told how many bytes are hashed.
    /// - Throws: `PublishingError.input`, `.changed`, `.cancelled` or `.manifest`
    public func manifest(
        of input: PublishingInput,
        now: UTCTime,
        threads: Int = Self.coreCount,
        progress: ProgressReport? = nil
    ) async throws(PublishingError) -> Manifest {
        let chunkSize = try checkedChunkSize(for: input)
        let hasher = try HashingRun(
            input,
            chunkSize: chunkSize,
            wholeFiles: includesFileDigests,
            onPrivateKey: onPrivateKey
        )
        let digests = try await hasher.run(threads: threads, progress: progress)
        let files = zip(input.files, digests.files).map { file, sha256 in
            Manifest.File(path: file.path, size: file.size, isExecutable: file.isExecutable, sha256: sha256)
        }
        do {
            return try Manifest(
                name: name ?? ManifestName(from: input.baseName),
                version: version ?? now.secondsSince1970,
                created: now,
                expires: expires,
                chunkSize: chunkSize,
                files: files,
                digests: digests.chunks,
                sources: sources,
                trust: trust
            )
        } catch {
            throw .manifest(error)
        }
    }

    /// The cores this process may run on.
    public static var coreCount: Int { Processors.usable }

    /// Refuses, before the hashing, what `Manifest` would refuse after it.
    private func checkedChunkSize(for input: PublishingInput) throws(PublishingError) -> ChunkSize {
        var total: Int64 = 0
        for file in input.files {
            let (sum, overflow) = total.addingReportingOverflow(file.size)
            // At most half of the range: with whole-file digests the progress counts each byte twice.
            guard !overflow, sum < Int64.max / 2 else { throw .manifest(.sizeOverflow) }
            total = sum
        }
        let chunkSize = chunkSize ?? ChunkSize.standard(totalBytes: total)
        let chunks = input.files.reduce(0) { $0 + chunkSize.chunkCount(fileSize: $1.size) }
        guard chunks <= Manifest.maximumChunks else { throw .manifest(.tooManyChunks) }
        if let version, !Manifest.allowedVersions.contains(version) { throw .manifest(.versionOutOfRange) }
        return chunkSize
    }
}
