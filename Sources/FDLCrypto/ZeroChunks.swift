package import FDLCore

/// Finds the chunks that are nothing but zeros, by their digests alone.
package enum ZeroChunks {
    package static func all(in layout: ChunkLayout, _ digests: [SHA256Digest]) -> ChunkSet {
        let whole = layout.chunkSize.bytes
        var tails: Set<Int> = []
        for file in layout.fileSizes.indices {
            guard let last = layout.chunks(ofFile: file).last else { continue }
            tails.insert(layout.length(ofChunk: last))
        }
        let zero = digestsOfZeros(lengths: tails.union([whole]))
        var result = ChunkSet(bound: layout.chunkCount)
        for file in layout.fileSizes.indices {
            let chunks = layout.chunks(ofFile: file)
            guard let last = chunks.last else { continue }
            for chunk in chunks.dropLast() where digests[chunk] == zero[whole] { result.insert(chunk) }
            if digests[last] == zero[layout.length(ofChunk: last)] { result.insert(last) }
        }
        return result
    }

    /// The digest of `length` zeros, for each of `lengths` (in bytes). One pass over the longest run serves them all.
    private static func digestsOfZeros(lengths: Set<Int>) -> [Int: SHA256Digest] {
        var result: [Int: SHA256Digest] = [:]
        let zeros = [UInt8](repeating: 0, count: 64 << 10)
        var hasher = SHA256Hasher()
        var done = 0
        for length in lengths.sorted() {
            while done < length {
                let step = min(zeros.count, length - done)
                zeros.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<step])) }
                done += step
            }
            result[length] = hasher.digestSoFar()
        }
        return result
    }
}
