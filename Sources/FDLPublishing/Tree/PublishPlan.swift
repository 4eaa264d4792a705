package import FDLCore

/// What a publishing has to write, as a value: which chunks into which trees, and which whole files.
///
/// Chunks that a tree has already are not written again, and chunks with equal digests are written once.
package struct PublishPlan: Sendable {
    /// Something that one thread does: it reads these chunks of one file, in order.
    package struct Unit: Sendable, Hashable {
        package let file: Int
        package let chunks: Range<Int>
    }

    /// What is there already, and what is wanted of whom.
    package struct Facts: Sendable {
        /// Which trees a chunk belongs to, as bits: bit n is tree n.
        package var wanted: [UInt64]
        /// Which trees have it, likewise.
        package var there: [UInt64]
        /// Which trees have to get its compressed form, if it shrinks, likewise.
        package var compressedWanted: [UInt64]
        /// Which files have to be copied whole.
        package var copies: [Bool]

        package init(chunks: Int, files: Int) {
            wanted = Array(repeating: 0, count: chunks)
            there = wanted
            compressedWanted = wanted
            copies = Array(repeating: false, count: files)
        }
    }

    /// The most trees there can be.
    package static let maximumTrees = UInt64.bitWidth
    /// How many bytes one unit covers: one chunk if that is more, and less at the end of a file.
    private static let unitBytes = 8 << 20

    package let units: [Unit]
    /// Into which trees a chunk is written, as bits.
    package let writes: [UInt64]
    /// Into which trees its compressed form is written, likewise.
    package let compressedWrites: [UInt64]
    package let copies: [Bool]
    /// How many bytes are read.
    package let totalBytes: Int64

    package init(_ manifest: Manifest, _ facts: Facts) {
        var writes = Array(repeating: UInt64(0), count: manifest.digests.count)
        var compressed = writes
        var seen: Set<SHA256Digest> = []
        for (chunk, digest) in manifest.digests.enumerated() where seen.insert(digest).inserted {
            writes[chunk] = facts.wanted[chunk] & ~facts.there[chunk]
            compressed[chunk] = facts.compressedWanted[chunk]
        }
        var units: [Unit] = []
        var bytes: Int64 = 0
        let layout = manifest.layout
        let most = max(1, Self.unitBytes / layout.chunkSize.bytes)
        for file in manifest.files.indices {
            let chunks = layout.chunks(ofFile: file)
            let isCopied = facts.copies[file]
            if chunks.isEmpty, isCopied { units.append(Unit(file: file, chunks: chunks)) }
            var next = chunks.lowerBound
            while next < chunks.upperBound {
                func isRead(_ chunk: Int) -> Bool { isCopied || writes[chunk] | compressed[chunk] != 0 }
                guard isRead(next) else {
                    next += 1
                    continue
                }
                var end = next
                while end < chunks.upperBound, end - next < most, isRead(end) {
                    bytes += Int64(layout.length(ofChunk: end))
                    end += 1
                }
                units.append(Unit(file: file, chunks: next..<end))
                next = end
            }
        }
        self.units = units
        self.writes = writes
        self.compressedWrites = compressed
        self.copies = facts.copies
        self.totalBytes = bytes
    }
}
