import CZlib

/// Compresses chunks, and gives up early on those that do not shrink.
///
/// It keeps zlib's working memory (about 256 KiB an encoding) from chunk to chunk. The same chunk at the same level
/// gives the same bytes each time, so that a strong ETag may stand for them.
///
/// Not Sendable: for one thread at a time.
package final class ChunkDeflater {
    /// How much of a chunk is compressed before deciding whether the rest is worth it.
    package static let sampleBytes = 64 << 10

    /// The most bytes that `count` may become to be worth sending compressed: 95 %.
    package static func worthwhileBytes(_ count: Int) -> Int { count - count / 20 - 1 }

    /// zlib's level, 1 (fast) to 9 (small).
    package let level: Int32
    private var streams: [ContentEncoding: Stream] = [:]

    package init(level: Int32 = 6) {
        self.level = min(max(level, 1), 9)
    }

    /// Compresses `chunk` into `output`.
    /// - Returns: how many bytes were written, or nil if the chunk does not shrink by a twentieth or does not fit
    ///   `output`; what `output` then holds means nothing.
    /// - Throws: `CompressionError.outOfMemory`.
    package func compress(
        _ chunk: UnsafeRawBufferPointer,
        as encoding: ContentEncoding,
        into output: UnsafeMutableRawBufferPointer
    ) throws(CompressionError) -> Int? {
        let room = min(output.count, Self.worthwhileBytes(chunk.count))
        guard room > 0, chunk.count <= UInt32.max else { return nil }
        let stream = try stream(for: encoding)
        stream.begin(into: UnsafeMutableRawBufferPointer(rebasing: output[..<room]))
        let sample = min(chunk.count, Self.sampleBytes)
        if sample < chunk.count {
            // A sync flush brings out all that the sample became, at the price of five bytes.
            guard stream.deflate(UnsafeRawBufferPointer(rebasing: chunk[..<sample]), flush: Z_SYNC_FLUSH),
                stream.writtenBytes <= Self.worthwhileBytes(sample)
            else { return nil }
        }
        let rest = sample < chunk.count ? UnsafeRawBufferPointer(rebasing: chunk[sample...]) : chunk
        return stream.deflate(rest, flush: Z_FINISH) ? stream.writtenBytes : nil
    }

    /// Compresses `chunk` into an array of its own.
    /// - Returns: nil if it does not shrink by a twentieth.
    /// - Throws: `CompressionError.outOfMemory`.
    package func compress(
        _ chunk: UnsafeRawBufferPointer,
        as encoding: ContentEncoding
    ) throws(CompressionError) -> [UInt8]? {
        var failure: CompressionError?
        let room = max(0, Self.worthwhileBytes(chunk.count))
        let bytes = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            do throws(CompressionError) {
                count = try compress(chunk, as: encoding, into: UnsafeMutableRawBufferPointer(buffer)) ?? 0
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes.isEmpty ? nil : bytes
    }

    private func stream(for encoding: ContentEncoding) throws(CompressionError) -> Stream {
        if let stream = streams[encoding] { return stream }
        let stream = try Stream(encoding: encoding, level: level)
        streams[encoding] = stream
        return stream
    }

    /// One deflate stream of zlib, at an address of its own since zlib points back to it.
    private final class Stream {
        private let stream: UnsafeMutablePointer<z_stream>
        private var room = 0

        init(encoding: ContentEncoding, level: Int32) throws(CompressionError) {
            stream = .allocate(capacity: 1)
            stream.initialize(to: z_stream())
            guard fdl_deflateInit2(stream, level, encoding.windowBits, 8) == Z_OK else { throw .outOfMemory }
        }

        deinit {
            deflateEnd(stream)
            stream.deallocate()
        }

        var writtenBytes: Int { room - Int(stream.pointee.avail_out) }

        func begin(into output: UnsafeMutableRawBufferPointer) {
            deflateReset(stream)
            room = output.count
            stream.pointee.next_out = output.assumingMemoryBound(to: UInt8.self).baseAddress
            stream.pointee.avail_out = UInt32(clamping: output.count)
        }

        /// - Returns: whether all of `input` was compressed and what was asked for fitted the output.
        func deflate(_ input: UnsafeRawBufferPointer, flush: Int32) -> Bool {
            // zlib only reads from next_in; its type has no const unless ZLIB_CONST is defined.
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: input.assumingMemoryBound(to: UInt8.self).baseAddress
            )
            stream.pointee.avail_in = UInt32(clamping: input.count)
            let status = CZlib.deflate(stream, flush)
            if flush == Z_FINISH { return status == Z_STREAM_END }
            return status == Z_OK && stream.pointee.avail_in == 0 && stream.pointee.avail_out > 0
        }
    }
}
