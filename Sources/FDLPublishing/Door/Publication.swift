import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust

/// A file or a folder that is signed for readers.
///
///     let publication = try await Publication(signing: "pub/big.iso")
///     print("give readers \(publication.publisherKey)")
///     try await publication.publish(into: "/srv/www/fdl")
///
/// A worker (`FDLServer`) serves it from where it lies, without the last line.
public struct Publication: Sendable {
    public let manifest: Manifest
    /// Where the manifest was written; its signature lies beside it.
    public let manifestPath: String
    /// By what readers accept the publisher: a minisign public key's second line (`RW…`).
    public let publisherKey: String
    private let signed: SignedBytes
    private let inputPath: String

    /// Hashes a file or a folder, signs what it is made of, and writes manifest and signature.
    ///
    /// A new version is higher than that of the publisher's manifest that it replaces. What is not a regular file is left
    /// out. If the task is cancelled, nothing is written.
    /// - Throws: `PublicationError`
    public init(
        signing path: String,
        options: PublicationOptions = PublicationOptions()
    ) async throws(PublicationError) {
        do {
            let outputs = options.manifestPath.map { [$0, FileNames.signature(of: $0)] } ?? []
            let input = try PublishingInput(scanning: path, leavingOut: outputs)
            let target = options.manifestPath ?? input.defaultOutput
            try SignedBytes.checkOutput(target, publishing: input)
            let key = try options.secretKey()
            let now = UTCTime.now
            var recipe = options.recipe
            let name = recipe.name ?? ManifestName(from: input.baseName)
            let earlier = EarlierManifest.highestVersion(at: [target], name: name, signer: key.publicKey) { _, _ in }
            recipe.version = try VersionChoice(wanted: recipe.version, earlier: earlier, now: now).version
            let manifest = try await recipe.manifest(of: input, now: now, progress: options.progress)
            let signed = try SignedBytes(manifest, signedWith: key, fileName: splitLast(target).name, now: now)
            try signed.write(to: target)
            self.manifest = manifest
            self.signed = signed
            manifestPath = target
            publisherKey = key.publicKey.minisignLine
            inputPath = path
        } catch {
            throw PublicationError(Failure(of: error))
        }
    }

    /// Writes it, cut into chunks, into a directory that any HTTPS server can serve, beside what was published there
    /// before. Everything is read and verified before anything is visible.
    /// - Parameters:
    ///   - directory: is made if it is not there.
    ///   - progress: is told how many bytes are read and verified.
    /// - Throws: `PublicationError`
    public func publish(into directory: String, progress: ProgressReport? = nil) async throws(PublicationError) {
        do {
            let source = try PublishingSource(of: manifest, beside: manifestPath, given: inputPath)
            let tree = try PublishedTree(directory, for: .making)
            let publishing = TreePublishing(manifest, signed, from: source, into: [tree], PublishingOptions())
            _ = try await publishing.run(
                now: UTCTime.now.secondsSince1970,
                threads: ManifestRecipe.coreCount,
                progress: progress
            )
        } catch {
            throw PublicationError(Failure(of: error))
        }
    }
}

/// What there is to choose when something is signed.
public struct PublicationOptions: Sendable {
    /// Name, version, expiry, sources: what the manifest says besides the bytes.
    public var recipe = ManifestRecipe()
    /// A secret key's file; nil for the user's own key, which is made if there is none.
    public var keyPath: String?
    /// The key's passphrase, if it has one.
    public var passphrase: [UInt8]?
    /// Where the manifest is written; nil for beside the input.
    public var manifestPath: String?
    /// Where the user's own key is kept.
    public var directories: UserDirectories
    /// Is told how many bytes are hashed.
    public var progress: ProgressReport?

    public init(directories: UserDirectories = .current) {
        self.directories = directories
    }

    func secretKey() throws -> SecretKey {
        if let keyPath { return try KeyFile.secretKey(keyPath, passphrase: passphrase) }
        return try KeyRing(directories: directories).createOwnKey(passphrase: passphrase)
    }
}

/// Why nothing was signed or published.
public struct PublicationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of fault.
    public let reason: ExitCode
    /// One line for a person, without a full stop.
    public let description: String

    init(_ failure: Failure) {
        reason = failure.exitCode
        description = failure.message
    }
}
