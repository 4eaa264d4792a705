import FDLCompression
import FDLCore
import FDLCrypto
import FDLSystem
import Glibc

/// One thread of a `TreeInspection`.
///
/// Not Sendable: it has buffers and zlib's memory of its own.
final class ChunkInspector {
    private let inspection: TreeInspection
    private let healing: Bool
    private let buffer: UnsafeMutableRawBufferPointer
    /// The bytes of a good copy.
    private let good: UnsafeMutableRawBufferPointer
    private(set) var report: CopyReport

    init(_ inspection: TreeInspection, healing: Bool) {
        self.inspection = inspection
        self.healing = healing
        let bytes = inspection.manifest.chunkSize.bytes
        buffer = .allocate(byteCount: bytes + 1, alignment: 4096)
        good = .allocate(byteCount: bytes + 1, alignment: 4096)
        report = CopyReport(name: inspection.manifest.name, version: inspection.manifest.version)
    }

    deinit {
        buffer.deallocate()
        good.deallocate()
    }

    private enum Copy {
        case good, wrong, missing
    }

    func inspect(_ chunk: Int) throws(TreeError) {
        let digest = inspection.manifest.digests[chunk]
        let length = inspection.manifest.layout.length(ofChunk: chunk)
        var copies: [Copy] = []
        var hasGood = false
        for tree in inspection.trees {
            let copy = try look(at: tree.path(ofChunk: digest), digest, length, into: hasGood ? buffer : good)
            if copy == .good { hasGood = true }
            copies.append(copy)
            if try hasWrongForm(tree, digest, length) { try report(form: tree, digest) }
        }
        if healing, !hasGood, try readSource(chunk, digest, length) { hasGood = true }
        if healing, hasGood { try heal(&copies, digest, length) }
        count(copies, digest)
    }

    private func count(_ copies: [Copy], _ digest: SHA256Digest) {
        let count = copies.count { $0 == .good }
        report.counts[count, default: 0] += 1
        var (missing, wrong): ([String], [String]) = ([], [])
        for (number, copy) in copies.enumerated() {
            let path = inspection.trees[number].path
            switch copy {
            case .good: break
            case .wrong: wrong.append(path)
            case .missing: if inspection.versions[number].wants(digest) { missing.append(path) }
            }
        }
        guard !missing.isEmpty || !wrong.isEmpty else { return }
        report.lacking.append(CopyReport.Lacking(digest: digest, good: count, missing: missing, wrong: wrong))
    }

    // MARK: Looking

    /// Reads and hashes a file. One that cannot be read counts as wrong: its disk may be failing.
    private func look(
        at path: String,
        _ digest: SHA256Digest,
        _ length: Int,
        into bytes: UnsafeMutableRawBufferPointer
    ) throws(TreeError) -> Copy {
        do throws(SystemError) {
            let file = try Descriptor(opening: path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
            // One more, to see where the file is longer.
            let part = UnsafeMutableRawBufferPointer(rebasing: bytes[..<(length + 1)])
            guard try file.read(into: part, at: 0) == length else { return .wrong }
            return SHA256Digest(hashing: UnsafeRawBufferPointer(rebasing: part[..<length])) == digest ? .good : .wrong
        } catch {
            if error.isNotFound { return .missing }
            guard error.isOfReading || error.code == ELOOP else { throw .tree(error) }
            return .wrong
        }
    }

    /// Whether a chunk's compressed form is there and is not the chunk's.
    private func hasWrongForm(_ tree: PublishedTree, _ digest: SHA256Digest, _ length: Int) throws(TreeError) -> Bool {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try WholeFile.read(tree.path(ofChunk: digest, compressed: true), limit: length)
        } catch {
            // One that is longer than the chunk is nobody's compressed form.
            return !error.isNotFound
        }
        do throws(CompressionError) {
            let inflater = try ChunkInflater(encoding: .gzip, limit: length)
            var hasher = SHA256Hasher()
            try bytes.span.withUnsafeBytes { raw throws(CompressionError) in
                try inflater.feed(raw) { hasher.update($0) }
            }
            try inflater.finish()
            return hasher.finalize() != digest
        } catch {
            return true
        }
    }

    // MARK: Healing

    private func report(form tree: PublishedTree, _ digest: SHA256Digest) throws(TreeError) {
        let path = tree.path(ofChunk: digest, compressed: true)
        guard healing else {
            report.wrongForms.append(path)
            return
        }
        do throws(SystemError) { try Directory.remove(path) } catch { throw .tree(error) }
        report.healed += 1
    }

    /// Reads a chunk from what was published, if that was named.
    private func readSource(_ chunk: Int, _ digest: SHA256Digest, _ length: Int) throws(TreeError) -> Bool {
        guard let source = inspection.source else { return false }
        let location = inspection.manifest.layout.location(ofChunk: chunk)
        let file = try source.open(file: location.file)
        let part = UnsafeMutableRawBufferPointer(rebasing: good[..<length])
        do throws(SystemError) {
            guard try file.read(into: part, at: location.offset) == length,
                SHA256Digest(hashing: UnsafeRawBufferPointer(part)) == digest
            else { throw SystemError(operation: .read, code: ESTALE) }
            return true
        } catch {
            guard error.code == ESTALE, error.path == nil else { throw .source(error) }
            throw .sourceDiffers(path: source.path(ofFile: location.file), offset: location.offset)
        }
    }

    private func heal(_ copies: inout [Copy], _ digest: SHA256Digest, _ length: Int) throws(TreeError) {
        let bytes = Array(UnsafeRawBufferPointer(rebasing: good[..<length]))
        for (number, tree) in inspection.trees.enumerated() where copies[number] != .good {
            let isWanted = inspection.versions[number].wants(digest)
            guard isWanted || copies[number] == .wrong else { continue }
            let path = tree.path(ofChunk: digest)
            do throws(SystemError) {
                if isWanted {
                    try Directory.create(Directory.containing(path))
                    try WholeFile.replace(path, with: bytes, mode: 0o666)
                    copies[number] = .good
                } else {
                    try Directory.remove(path)
                    copies[number] = .missing
                }
            } catch {
                throw .tree(error)
            }
            report.healed += 1
        }
    }
}
