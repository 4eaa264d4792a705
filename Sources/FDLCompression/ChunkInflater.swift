import CZlib

/// Inflates one chunk as its bytes arrive and never yields a byte more than the chunk has.
///
/// What it costs is bounded by the limit given, not by the sender: a stream that inflates a thousandfold is cut where
/// it passes the limit, and one that never yields anything is cut once it is longer than any honest one.
///
/// Not Sendable: for one event loop or task at a time.
package final class ChunkInflater {
    /// The size of the pieces handed to the sink: small enough to stay in the cache for the hash that follows.
    package static let pieceBytes = 64 << 10

    // zlib keeps a pointer back to its stream, so that must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private let piece: UnsafeMutableRawBufferPointer
    private var encoding: ContentEncoding
    private var limit: Int
    private var consumed = 0
    private var produced = 0
    private var phase = Phase.start

    private enum Phase: Equatable {
        /// Nothing is decided yet; for deflate, the first byte waits for the second.
        case start
        case heldBack(UInt8)
        case running
        case ended
        case failed(CompressionError)
    }

    /// - Parameters:
    ///   - encoding: what the answer's `Content-Encoding` says.
    ///   - limit: the most bytes the stream may inflate to: the chunk's size.
    /// - Throws: `CompressionError.outOfMemory`.
    package init(encoding: ContentEncoding, limit: Int) throws(CompressionError) {
        self.encoding = encoding
        self.limit = max(0, limit)
        self.stream = .allocate(capacity: 1)
        self.stream.initialize(to: z_stream())
        self.piece = .allocate(byteCount: Self.pieceBytes, alignment: 64)
        guard fdl_inflateInit2(stream, encoding.windowBits) == Z_OK else { throw .outOfMemory }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        piece.deallocate()
    }

    /// Makes it ready for another chunk; keeps its memory.
    package func reset(encoding: ContentEncoding, limit: Int) {
        self.encoding = encoding
        self.limit = max(0, limit)
        consumed = 0
        produced = 0
        phase = .start
        inflateReset2(stream, encoding.windowBits)
    }

    /// Bytes handed out so far.
    package var producedBytes: Int { produced }

    /// Takes the next bytes of the stream and hands what they inflate to, in order and in pieces of at most
    /// `pieceBytes`, to `sink`. A piece is valid only while `sink` runs.
    /// - Throws: any `CompressionError` but `truncated`. It stays failed: a later call throws the same.
    package func feed(
        _ input: UnsafeRawBufferPointer,
        into sink: (UnsafeRawBufferPointer) -> Void
    ) throws(CompressionError) {
        guard !input.isEmpty else { return }
        do {
            try take(input, into: sink)
        } catch {
            phase = .failed(error)
            throw error
        }
    }

    /// Says that no more bytes come.
    /// - Throws: `CompressionError.truncated` if the stream has not ended, or the error it failed with.
    package func finish() throws(CompressionError) {
        switch phase {
        case .ended: return
        case .failed(let error): throw error
        case .start, .heldBack, .running: throw .truncated
        }
    }

    private func take(
        _ input: UnsafeRawBufferPointer,
        into sink: (UnsafeRawBufferPointer) -> Void
    ) throws(CompressionError) {
        consumed += input.count
        // Deflate at its worst adds a few bytes in a thousand. Twice the size is beyond any encoder, and bounds a
        // sender of empty blocks or of an endless gzip header.
        guard consumed / 2 - (32 << 10) <= limit else { throw .tooLong(limit: limit) }
        switch phase {
        case .failed(let error): throw error
        case .ended: throw .trailingBytes
        case .running: try inflate(input, into: sink)
        case .start:
            if encoding == .deflate, input.count == 1 {
                phase = .heldBack(input[0])
                return
            }
            begin(input[0], input.count > 1 ? input[1] : 0)
            try inflate(input, into: sink)
        case .heldBack(let first):
            begin(first, input[0])
            try withUnsafeBytes(of: first) { bytes throws(CompressionError) in try inflate(bytes, into: sink) }
            try take(rest: input, into: sink)
        }
    }

    private func take(
        rest input: UnsafeRawBufferPointer,
        into sink: (UnsafeRawBufferPointer) -> Void
    ) throws(CompressionError) {
        guard phase != .ended else { throw .trailingBytes }
        try inflate(input, into: sink)
    }

    /// RFC 9110 section 8.4.1.2 notes that some senders leave the zlib wrapper out. As browsers do, take a stream
    /// whose first two bytes are no zlib header (RFC 1950 section 2.2) for a bare one.
    private func begin(_ first: UInt8, _ second: UInt8) {
        phase = .running
        guard encoding == .deflate else { return }
        let isWrapped = first & 15 == UInt8(Z_DEFLATED) && (Int(first) << 8 | Int(second)) % 31 == 0
        if !isWrapped { inflateReset2(stream, -15) }
    }

    private func inflate(
        _ input: UnsafeRawBufferPointer,
        into sink: (UnsafeRawBufferPointer) -> Void
    ) throws(CompressionError) {
        // zlib only reads from next_in; its type has no const unless ZLIB_CONST is defined.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.assumingMemoryBound(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(clamping: input.count)
        while true {
            // One byte more than may come, so that the first one too many shows itself.
            let room = min(piece.count - 1, limit - produced) + 1
            stream.pointee.next_out = piece.assumingMemoryBound(to: UInt8.self).baseAddress
            stream.pointee.avail_out = UInt32(room)
            let status = CZlib.inflate(stream, Z_NO_FLUSH)
            let count = room - Int(stream.pointee.avail_out)
            guard count <= limit - produced else { throw .tooLong(limit: limit) }
            if count > 0 {
                produced += count
                sink(UnsafeRawBufferPointer(rebasing: piece[..<count]))
            }
            switch status {
            case Z_STREAM_END:
                phase = .ended
                guard stream.pointee.avail_in == 0 else { throw .trailingBytes }
                return
            case Z_OK, Z_BUF_ERROR:
                // With room left over, zlib has taken all of its input and holds nothing back.
                if stream.pointee.avail_in == 0, stream.pointee.avail_out > 0 { return }
            case Z_MEM_ERROR: throw .outOfMemory
            case Z_NEED_DICT: throw .corrupt(reason: "needs a preset dictionary")
            default: throw .corrupt(reason: stream.pointee.msg.map { String(cString: $0) } ?? "code \(status)")
            }
        }
    }
}
