package import FDLCore
import FDLCrypto
import FDLSystem
package import FDLTrust
import Synchronization

/// Publishes one manifest, with the chunks of what it lists, into a registry's repository: the blobs that it lacks, then
/// the artifact that keeps them, then its tags. A run that ends at any moment leaves blobs that nothing names, and the
/// next goes on from there.
package struct RegistryPublishing: Sendable {
    private let manifest: Manifest
    private let bytes: SignedBytes
    private let source: PublishingSource
    private let documents: [(name: String, bytes: [UInt8])]
    private let uploads: BlobUploads

    /// How many requests are on the way at a time.
    private static let width = 8

    /// - Parameters:
    ///   - bytes: the signed manifest that `manifest` was verified from.
    ///   - documents: what else lies beside the manifest in a tree, by its name there.
    package init(
        _ manifest: Manifest,
        _ bytes: SignedBytes,
        _ documents: [(name: String, bytes: [UInt8])],
        from source: PublishingSource,
        through transport: any RegistryTransport
    ) {
        self.manifest = manifest
        self.bytes = bytes
        self.documents = documents
        self.source = source
        uploads = BlobUploads(transport: transport)
    }

    /// What a publishing has done.
    package struct Summary: Sendable, Hashable {
        /// How many different chunks the manifest has.
        package var chunks = 0
        /// How many of them the registry lacked.
        package var newChunks = 0
        /// In bytes, those that it lacked.
        package var newBytes: Int64 = 0
        /// By which the artifact is found.
        package var tags: [String] = []
    }

    /// - Parameter progress: is told how many bytes are in the registry, of all.
    /// - Throws: `RegistryPublishingError`
    package func run(progress: ProgressReport?) async throws(RegistryPublishingError) -> Summary {
        try await checkVersion()
        var summary = try await pushChunks(progress)
        let layers = try await pushDocuments() + chunkLayers
        _ = try await uploads.push(RegistryArtifact.configuration)
        let artifact = RegistryArtifact(manifest.name, version: manifest.version, layers: layers)
        for document in artifact.documents {
            for tag in document.tags { try await uploads.put(document, tag: tag) }
            summary.tags = document.tags
        }
        return summary
    }

    /// Readers refuse what is older than they have seen, and the tag would lead them to it.
    private func checkVersion() async throws(RegistryPublishingError) {
        guard let found = try await uploads.document(RegistryArtifact.tag(of: manifest.name)),
            let there = RegistryArtifact.version(in: found), there > manifest.version
        else { return }
        throw .older(version: manifest.version, there: there, uploads.repository)
    }

    /// The first place of each different chunk.
    private var distinct: [Int] {
        var seen = Set<SHA256Digest>()
        return manifest.digests.indices.filter { seen.insert(manifest.digests[$0]).inserted }
    }

    private var chunkLayers: [RegistryArtifact.Layer] {
        distinct.map { chunk in
            RegistryArtifact.Layer(
                type: RegistryArtifact.chunkType,
                digest: manifest.digests[chunk],
                size: manifest.layout.length(ofChunk: chunk)
            )
        }
    }

    private func pushDocuments() async throws(RegistryPublishingError) -> [RegistryArtifact.Layer] {
        let name = FileNames.served(manifest.name)
        var files = [(type: RegistryArtifact.manifestType, name: name, bytes: bytes.manifest)]
        if let signature = bytes.signature {
            files.append((RegistryArtifact.signatureType, FileNames.signature(of: name), signature))
        }
        for document in documents {
            let isSignature = document.name.utf8.ends(with: FileNames.signatureSuffix)
            let type = isSignature ? RegistryArtifact.signatureType : RegistryArtifact.documentType
            files.append((type, document.name, document.bytes))
        }
        var layers: [RegistryArtifact.Layer] = []
        for file in files {
            let digest = try await uploads.push(file.bytes)
            layers.append(.init(type: file.type, digest: digest, size: file.bytes.count, title: file.name))
        }
        return layers
    }

    // MARK: Chunks

    private struct Done {
        var next = 0
        var bytes: Int64 = 0
        var summary = Summary()
    }

    private func pushChunks(_ progress: ProgressReport?) async throws(RegistryPublishingError) -> Summary {
        let chunks = distinct
        let layout = manifest.layout
        let total = chunks.reduce(Int64(0)) { $0 + Int64(layout.length(ofChunk: $1)) }
        let shared = SharedDone(Done(summary: Summary(chunks: chunks.count)))
        let result = await withTaskGroup(of: Result<Void, RegistryPublishingError>.self) { group in
            for _ in 0..<min(Self.width, chunks.count) {
                group.addTask {
                    do throws(RegistryPublishingError) {
                        while !Task.isCancelled, let chunk = shared.takeNext(of: chunks) {
                            let isNew = try await push(chunk)
                            let bytes = shared.note(length: layout.length(ofChunk: chunk), isNew: isNew)
                            progress?(bytes, total)
                        }
                        return .success(())
                    } catch {
                        return .failure(error)
                    }
                }
            }
            for await result in group {
                guard case .failure = result else { continue }
                group.cancelAll()
                return result
            }
            return .success(())
        }
        try result.get()
        return shared.summary
    }

    /// - Returns: whether the registry lacked it.
    private func push(_ chunk: Int) async throws(RegistryPublishingError) -> Bool {
        let digest = manifest.digests[chunk]
        if try await uploads.isThere(digest) { return false }
        try await uploads.upload(try read(chunk), digest)
        return true
    }

    private func read(_ chunk: Int) throws(RegistryPublishingError) -> [UInt8] {
        let (layout, place) = (manifest.layout, manifest.layout.location(ofChunk: chunk))
        do throws(TreeError) {
            let file = try source.open(file: place.file)
            let length = layout.length(ofChunk: chunk)
            let bytes: [UInt8]
            do throws(SystemError) { bytes = try file.read(length, at: place.offset) } catch { throw .source(error) }
            guard bytes.count == length, SHA256Digest(hashing: bytes) == manifest.digests[chunk] else {
                throw .sourceDiffers(path: source.path(ofFile: place.file), offset: place.offset)
            }
            return bytes
        } catch {
            throw .local(error)
        }
    }

    /// What the tasks have in common.
    private final class SharedDone: Sendable {
        private let done: Mutex<Done>

        init(_ done: Done) { self.done = Mutex(done) }

        var summary: Summary { done.withLock { $0.summary } }

        func takeNext(of chunks: [Int]) -> Int? {
            done.withLock { done in
                guard done.next < chunks.count else { return nil }
                defer { done.next += 1 }
                return chunks[done.next]
            }
        }

        /// - Returns: the bytes that are there by now.
        func note(length: Int, isNew: Bool) -> Int64 {
            done.withLock { done in
                done.bytes += Int64(length)
                if isNew {
                    done.summary.newChunks += 1
                    done.summary.newBytes += Int64(length)
                }
                return done.bytes
            }
        }
    }
}

extension Descriptor {
    /// Reads so many bytes, or fewer if the file ends before.
    fileprivate borrowing func read(_ count: Int, at offset: Int64) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(SystemError) in try read(into: buffer, at: offset) }
        }
        bytes.removeSubrange(try result.get()...)
        return bytes
    }
}
