import FDLSystem
import NIOCore
import NIOPosix

/// Where the bytes of files come from: out of the page cache at once, or from the disk by another thread.
extension ExchangeHandler {
    /// What came of reading the page cache.
    enum CachedRead {
        /// So many bytes, at least one.
        case bytes(Int)
        /// It has to come from the disk.
        case notCached
        case failed(String)
    }

    /// Reads the first `wanted` bytes of a slice, as far as the page cache has them, behind what a buffer holds.
    func read(_ slice: FileSlice, _ wanted: Int, behind buffer: inout ByteBuffer) -> CachedRead {
        var isCached = true
        do {
            let count = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { bytes in
                let room = UnsafeMutableRawBufferPointer(rebasing: bytes[..<wanted])
                let count = try slice.file.readCached(into: room, at: slice.offset)
                isCached = count != nil
                return count ?? 0
            }
            guard isCached else { return .notCached }
            return count > 0 ? .bytes(count) : .failed("the file has become shorter")
        } catch {
            return .failed("\(error)")
        }
    }

    /// How much of what is left is sent next: as much as the socket has room for, in whole records, and one record if
    /// it has none. What it does not take is memory that a slow client holds.
    func pieceSize(_ left: Int, most: Int) -> Int {
        var size = left
        if left > Self.leastPieceBytes {
            size = min(left, most)
            if let room = room?.shortage(for: size + size / 8) {
                let records = room / (Self.leastPieceBytes + Self.leastPieceBytes / 8)
                size = min(size, max(1, records) * Self.leastPieceBytes)
            }
        }
        room?.fill(Self.headBytes + size)
        return size
    }

    func readFromDisk(_ slice: FileSlice, of answer: OutgoingAnswer, _ context: ChannelHandlerContext) {
        enter(.answering)
        state = .reading(answer)
        let most = isPaced ? pieceLimit : Self.diskPieceBytes
        let wanted = pieceSize(Int(clamping: slice.length), most: most)
        let allocator = context.channel.allocator
        let result = services.readers.runIfActive(eventLoop: context.eventLoop) {
            var buffer = allocator.buffer(capacity: wanted)
            try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { bytes in
                try slice.file.read(
                    into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<wanted]),
                    at: slice.offset
                )
            }
            return buffer
        }
        result.assumeIsolated().whenComplete { result in
            guard case .reading(let answer) = self.state, let context = self.context else { return }
            switch result {
            case .success(let buffer) where buffer.readableBytes == wanted:
                self.state = .sending(answer)
                _ = self.send(buffer, of: answer, then: slice.dropping(wanted), context)
                self.advance()
            case .success: self.abandon(answer, "the file has become shorter")
            case .failure(let error): self.abandon(answer, "\(error)")
            }
        }
    }
}

extension FileSlice {
    /// What is left after the first `count` bytes.
    func dropping(_ count: Int) -> Answer.Body {
        let rest = length - Int64(count)
        return rest > 0 ? .slice(FileSlice(file: file, offset: offset + Int64(count), length: rest)) : .none
    }
}
