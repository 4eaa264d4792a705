package import FDLCore
import FDLCrypto
import FDLSystem
import Synchronization

/// Makes the digests of whole files that a manifest does not give, from files of which each chunk is verified.
package struct WholeDigests: Sendable {
    private let manifest: Manifest
    private let source: PublishingSource

    package init(_ manifest: Manifest, from source: PublishingSource) {
        self.manifest = manifest
        self.source = source
    }

    /// - Parameters:
    ///   - files: by their numbers in the manifest.
    ///   - threads: how many hash, at most.
    /// - Throws: `TreeError.source`, `.sourceDiffers` or `.cancelled`
    package func run(_ files: [Int], threads: Int) async throws(TreeError) -> [Int: SHA256Digest] {
        let queue = WorkQueue()
        let found = Mutex<[Int: SHA256Digest]>([:])
        try await inParallel(threads: max(1, min(threads, files.count))) { stop in
            while let index = queue.next(of: files.count) {
                let digest = try hash(files[index], stop)
                found.withLock { $0[files[index]] = digest }
            }
        }
        return found.withLock { $0 }
    }

    private func hash(_ file: Int, _ stop: StopFlag) throws(TreeError) -> SHA256Digest {
        let opened = try source.open(file: file)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: manifest.chunkSize.bytes, alignment: 4096)
        defer { buffer.deallocate() }
        var whole = SHA256Hasher()
        for chunk in manifest.layout.chunks(ofFile: file) {
            guard !stop.isSet else { throw .cancelled }
            let location = manifest.layout.location(ofChunk: chunk)
            let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<location.length])
            let count: Int
            do throws(SystemError) { count = try opened.read(into: bytes, at: location.offset) } catch {
                throw .source(error)
            }
            guard count == location.length,
                SHA256Digest(hashing: UnsafeRawBufferPointer(bytes)) == manifest.digests[chunk]
            else { throw .sourceDiffers(path: source.path(ofFile: file), offset: location.offset) }
            whole.update(UnsafeRawBufferPointer(bytes))
        }
        return whole.finalize()
    }
}
