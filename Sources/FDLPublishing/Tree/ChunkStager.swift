import FDLCompression
import FDLCore
import FDLCrypto
import FDLSystem
import Glibc

/// One thread of a `StagingRun`: reads chunks, verifies them, and writes them where they are wanted.
///
/// Not Sendable: it has a buffer, a hasher and zlib's memory of its own.
final class ChunkStager {
    private let run: StagingRun
    /// The files that several threads write, made already.
    private let large: [Int: StagedCopy.State]
    private let buffer: UnsafeMutableRawBufferPointer
    /// For compressed forms, and for what an earlier run has left.
    private let scratch: UnsafeMutableRawBufferPointer
    private let deflater: ChunkDeflater?
    /// Whether copying within the kernel has worked so far.
    private var copiesInKernel = true
    private(set) var result = StagingRun.Result()

    init(_ run: StagingRun, _ large: [Int: StagedCopy.State]) {
        self.run = run
        self.large = large
        let bytes = run.manifest.chunkSize.bytes
        buffer = .allocate(byteCount: bytes, alignment: 4096)
        scratch = .allocate(byteCount: bytes, alignment: 4096)
        deflater = run.options.compressionLevel.map { ChunkDeflater(level: $0) }
    }

    deinit {
        buffer.deallocate()
        scratch.deallocate()
    }

    /// - Throws: `TreeError`
    func stage(_ unit: PublishPlan.Unit) throws(TreeError) {
        guard run.plan.copies[unit.file] else {
            let original = try run.source.open(file: unit.file)
            for chunk in unit.chunks { try stage(chunk, from: original) }
            return
        }
        if let state = large[unit.file] {
            let path = run.trees[0].stagedPath(ofFile: unit.file)
            let copy: StagedCopy
            do throws(SystemError) { copy = try StagedCopy(opening: path, state) } catch { throw .tree(error) }
            try stage(unit, with: copy)
        } else {
            let copy = try StagedCopy(of: unit.file, run)
            result.files += 1
            if run.options.files == .linked, copy.state != .linked { result.notLinked += 1 }
            try stage(unit, with: copy)
        }
    }

    /// What is verified is what will be published: the copy is read, unless it has to be written from here.
    private func stage(_ unit: PublishPlan.Unit, with copy: borrowing StagedCopy) throws(TreeError) {
        guard copy.state == .empty else {
            for chunk in unit.chunks { try stage(chunk, from: copy.descriptor) }
            return
        }
        let original = try run.source.open(file: unit.file)
        for chunk in unit.chunks {
            let range = range(of: chunk)
            do throws(SystemError) {
                if try isHole(chunk, range, in: original) {
                    // The copy has a hole there too.
                } else if copiesInKernel {
                    copiesInKernel = try copy.descriptor.copy(range, from: original)
                }
            } catch {
                throw .tree(error)
            }
            if copiesInKernel {
                try stage(chunk, from: copy.descriptor)
            } else {
                let bytes = try stage(chunk, from: original)
                guard let bytes else { continue }
                do throws(SystemError) { try copy.descriptor.write(bytes, at: range.lowerBound) } catch {
                    throw .tree(error)
                }
            }
            copy.descriptor.startWriteback(at: range.lowerBound, length: range.count)
        }
    }

    private func range(of chunk: Int) -> Range<Int64> {
        let location = run.manifest.layout.location(ofChunk: chunk)
        return location.offset..<location.offset + Int64(location.length)
    }

    /// Whether a chunk lies in a hole and has the digest of so many zeros.
    private func isHole(
        _ chunk: Int,
        _ range: Range<Int64>,
        in file: borrowing Descriptor
    ) throws(SystemError) -> Bool {
        guard run.zeros.contains(chunk) else { return false }
        guard let data = try file.nextData(from: range.lowerBound) else { return true }
        return data.lowerBound >= range.upperBound
    }

    /// Verifies a chunk and writes it to the trees that want it.
    /// - Returns: its bytes, in this stager's buffer; nil if it is a hole that no tree wants.
    @discardableResult
    private func stage(_ chunk: Int, from file: borrowing Descriptor) throws(TreeError) -> UnsafeRawBufferPointer? {
        let range = range(of: chunk)
        let writes = run.plan.writes[chunk]
        let compressedWrites = run.plan.compressedWrites[chunk]
        let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<range.count])
        do throws(SystemError) {
            if writes | compressedWrites == 0, try isHole(chunk, range, in: file) { return nil }
            guard try file.read(into: bytes, at: range.lowerBound) == range.count,
                SHA256Digest(hashing: UnsafeRawBufferPointer(bytes)) == run.manifest.digests[chunk]
            else { throw Self.differs }
        } catch {
            guard error != Self.differs else {
                let file = run.manifest.layout.file(ofChunk: chunk)
                throw .sourceDiffers(path: run.source.path(ofFile: file), offset: range.lowerBound)
            }
            throw .source(error)
        }
        let found = UnsafeRawBufferPointer(bytes)
        if writes != 0 { try put(found, chunk, writes, compressed: false) }
        if compressedWrites != 0, let count = try compress(found) {
            let small = UnsafeRawBufferPointer(rebasing: scratch[..<count])
            try put(small, chunk, compressedWrites, compressed: true)
            result.compressed.append(chunk)
        }
        return found
    }

    /// Compresses into the scratch buffer.
    /// - Returns: nil if a chunk does not shrink by a tenth.
    private func compress(_ bytes: UnsafeRawBufferPointer) throws(TreeError) -> Int? {
        guard let deflater else { return nil }
        let room = bytes.count - (bytes.count + 9) / 10
        do throws(CompressionError) {
            let output = UnsafeMutableRawBufferPointer(rebasing: scratch[..<room])
            return try deflater.compress(bytes, as: .gzip, into: output)
        } catch {
            throw .outOfMemory
        }
    }

    private func put(
        _ bytes: UnsafeRawBufferPointer,
        _ chunk: Int,
        _ trees: UInt64,
        compressed: Bool
    ) throws(TreeError) {
        for (number, tree) in run.trees.enumerated() where trees & (1 << UInt64(number)) != 0 {
            let path = tree.stagedPath(ofChunk: run.manifest.digests[chunk], compressed: compressed)
            do throws(SystemError) {
                if tree.hasLeftovers, !compressed, try holds(path, bytes) { continue }
                let file = try create(path)
                try file.write(bytes, at: 0)
                file.startWriteback(at: 0, length: bytes.count)
            } catch {
                throw .tree(error)
            }
        }
    }

    /// Whether an earlier run has written these bytes there.
    private func holds(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Bool {
        guard let file = try? Descriptor(opening: path, flags: O_RDONLY | O_NOFOLLOW),
            try file.status().size == Int64(bytes.count)
        else { return false }
        let part = UnsafeMutableRawBufferPointer(rebasing: scratch[..<bytes.count])
        // What cannot be read is written anew.
        guard let count = try? file.read(into: part, at: 0), count == bytes.count, count > 0,
            let first = part.baseAddress, let second = bytes.baseAddress
        else { return false }
        return memcmp(first, second, count) == 0
    }

    private func create(_ path: String) throws(SystemError) -> Descriptor {
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW
        do throws(SystemError) {
            return try Descriptor(opening: path, flags: flags, mode: 0o666)
        } catch {
            guard error.isNotFound else { throw error }
            try Directory.create(Directory.containing(path))
            return try Descriptor(opening: path, flags: flags, mode: 0o666)
        }
    }

    private static let differs = SystemError(operation: .read, code: ESTALE)
}
