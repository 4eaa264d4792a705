import FDLCore
import FDLCrypto
import FDLSystem
import Glibc

/// Makes a whole file of a tree again, from the good chunks of any tree, or from what was published.
struct FileHealing {
    private let manifest: Manifest
    private let trees: [PublishedTree]
    private let source: PublishingSource?

    init(_ manifest: Manifest, _ trees: [PublishedTree], _ source: PublishingSource?) {
        self.manifest = manifest
        self.trees = trees
        self.source = source
    }

    /// - Returns: whether all of its chunks could be had. If not, nothing is changed.
    /// - Throws: `TreeError`
    func make(_ file: Int, at path: String, in tree: PublishedTree) throws(TreeError) -> Bool {
        let staged = tree.absolute("\(FileNames.publishing)/healing")
        let listed = manifest.files[file]
        do throws(SystemError) {
            // What an earlier run has left.
            try Directory.remove(staged)
            let made = try Descriptor(
                opening: staged,
                flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                mode: listed.isExecutable ? 0o777 : 0o666
            )
            guard try fill(made, file) else {
                try Directory.remove(staged)
                return false
            }
            try made.sync()
            try Directory.create(Directory.containing(path))
            try Directory.rename(staged, over: path)
            try Directory.sync(containing: path)
            return true
        } catch {
            throw .tree(error)
        }
    }

    private func fill(_ made: borrowing Descriptor, _ file: Int) throws(SystemError) -> Bool {
        for chunk in manifest.layout.chunks(ofFile: file) {
            guard let bytes = good(chunk) else { return false }
            let offset = manifest.layout.location(ofChunk: chunk).offset
            try bytes.span.withUnsafeBytes { raw throws(SystemError) in try made.write(raw, at: offset) }
        }
        return true
    }

    /// The bytes of a chunk from wherever they are right.
    private func good(_ chunk: Int) -> [UInt8]? {
        let digest = manifest.digests[chunk]
        let location = manifest.layout.location(ofChunk: chunk)
        for tree in trees {
            guard let bytes = try? WholeFile.read(tree.path(ofChunk: digest), limit: location.length),
                SHA256Digest(hashing: bytes) == digest
            else { continue }
            return bytes
        }
        guard let source, let file = try? source.open(file: location.file) else { return nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: location.length) { buffer, count in
            count = (try? file.read(into: UnsafeMutableRawBufferPointer(buffer), at: location.offset)) ?? 0
        }
        return SHA256Digest(hashing: bytes) == digest ? bytes : nil
    }
}
