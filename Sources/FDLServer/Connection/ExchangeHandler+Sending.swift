import FDLCore
import FDLSystem
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

extension ExchangeHandler {
    /// How many bytes are read, encrypted and sent at a time. Twice as many fit the processor's second-level cache.
    static let pieceBytes = 128 << 10
    /// How many bytes are read at a time if they have to come from the disk.
    static let diskPieceBytes = 512 << 10
    /// How many bytes one connection may send before the others of its loop have their turn.
    static let turnBytes = 1 << 20
    /// How many bytes of a turn an answer's head counts as, roughly: answers without a body take time too.
    static let headBytes = 512

    /// Does what there is to do, until it has to wait for the peer or another thread, or its turn is over.
    func advance() {
        // Sending can make the channel report that it is writable, which calls this again; the loop below sees it.
        guard let context, turn == .free else { return }
        turn = .running
        var sent = 0
        while true {
            if context.channel.isWritable, sent < Self.turnBytes, step(context, &sent) { continue }
            if needsFlush {
                needsFlush = false
                context.flush()
                continue
            }
            break
        }
        releaseRead()
        guard sent >= Self.turnBytes else {
            turn = .free
            return
        }
        turn = .yielded
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.execute {
            handler.value.turn = .free
            handler.value.advance()
        }
    }

    /// - Returns: whether anything was done.
    private func step(_ context: ChannelHandlerContext, _ sent: inout Int) -> Bool {
        switch state {
        case .ready:
            guard let next = pending.popFirst() else {
                becomeIdle()
                return false
            }
            begin(next, context)
            sent += Self.headBytes
            return true
        case .sending(let answer):
            sent += sendPiece(of: answer, context)
            return true
        case .looking, .compressing, .reading, .closing, .closed:
            return false
        }
    }

    // MARK: Beginning

    private func begin(_ next: PendingRequest, _ context: ChannelHandlerContext) {
        deadlines.enter(.answering, now: .now())
        switch next {
        case .refusal(let status):
            pending.removeAll()
            start(.refusal(status), request: nil, context)
        case .request(let head):
            follow(services.responder.decide(head, now: .now), head, context)
        }
    }

    private func follow(_ decision: Decision, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        switch decision {
        case .answer(let answer): start(answer, request: head, context)
        case .compress(let chunk, let plain): compress(chunk, plain: plain, head, context)
        case .lookAgain: lookAgain(for: head, context)
        }
    }

    private func lookAgain(for head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        state = .looking
        let looked = services.responder.lookAgain(on: services.readers, context.eventLoop)
        looked.assumeIsolated().whenComplete { _ in
            guard case .looking = self.state, let context = self.context else { return }
            self.follow(self.services.responder.decide(head, now: .now, hasLooked: true), head, context)
            self.advance()
        }
    }

    private func compress(
        _ chunk: CompressibleChunk,
        plain: Answer,
        _ head: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) {
        let key = CompressedChunks.Key(digest: chunk.digest, encoding: chunk.encoding)
        func answer(_ entry: CompressedChunks.Entry?) -> Answer {
            if case .compressed(let compressed) = entry { return ChunkHeaders.answer(chunk, compressed) }
            return plain
        }
        if let entry = services.compressed.entry(for: key) {
            return start(answer(entry), request: head, context)
        }
        state = .compressing
        let cache = services.compressed
        let result = services.compressors.runIfActive(eventLoop: context.eventLoop) {
            let entry = try ChunkCompression.compress(chunk)
            cache.insert(entry, for: key)
            return entry
        }
        result.assumeIsolated().whenComplete { result in
            guard case .compressing = self.state, let context = self.context else { return }
            self.start(answer(try? result.get()), request: head, context)
            self.advance()
        }
    }

    private func start(_ answer: Answer, request: HTTPRequestHead?, _ context: ChannelHandlerContext) {
        let closes =
            request.map { Self.endsConnection($0) || RequestForm.endsConnection(answer.status) || isLastAnswer } ?? true
        var headers = answer.headers
        headers.add(name: "Date", value: LoopScratch.ofThisLoop.date(.now))
        headers.add(name: "Server", value: "fdl/\(Product.version)")
        headers.add(name: "X-Content-Type-Options", value: "nosniff")
        if closes { headers.add(name: "Connection", value: "close") }
        let head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        needsFlush = true
        state = .sending(
            OutgoingAnswer(answer, sendsBody: request?.method != .HEAD, closesConnection: closes, request: request)
        )
    }

    /// Whether this request is the connection's last: the client says so, or a further request could not be parsed. A
    /// request's body is not read, and after a request for another protocol the decoder no longer parses HTTP.
    private static func endsConnection(_ head: HTTPRequestHead) -> Bool {
        !head.version.isAtLeast11 || !head.isKeepAlive || head.headers.contains(name: "transfer-encoding")
            || head.method == .CONNECT || head.headers.contains(name: "upgrade")
            || head.headers[canonicalForm: "content-length"].contains { $0 != "0" }
    }

    // MARK: Pieces

    /// - Returns: how many bytes of the body it sent.
    private func sendPiece(of answer: OutgoingAnswer, _ context: ChannelHandlerContext) -> Int {
        switch answer.rest {
        case .bytes(var buffer):
            guard let piece = buffer.readSlice(length: min(buffer.readableBytes, Self.pieceBytes)) else {
                return complete(answer, context)
            }
            return send(piece, of: answer, then: buffer.readableBytes > 0 ? .bytes(buffer) : .none, context)
        case .slice(let slice):
            return sendPiece(of: slice, of: answer, context)
        case .none:
            return complete(answer, context)
        }
    }

    private func sendPiece(of slice: FileSlice, of answer: OutgoingAnswer, _ context: ChannelHandlerContext) -> Int {
        let scratch = LoopScratch.ofThisLoop
        let wanted = Int(min(slice.length, Int64(Self.pieceBytes)))
        var buffer = scratch.takeBuffer(capacity: wanted)
        defer { scratch.putBack(buffer) }
        var isCached = true
        do {
            try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { bytes in
                let room = UnsafeMutableRawBufferPointer(rebasing: bytes[..<wanted])
                let count = try slice.file.readCached(into: room, at: slice.offset)
                isCached = count != nil
                return count ?? 0
            }
        } catch {
            abandon(answer, "\(error)")
            return 0
        }
        guard isCached else {
            readFromDisk(slice, of: answer, context)
            return 0
        }
        guard buffer.readableBytes > 0 else {
            abandon(answer, "the file has become shorter")
            return 0
        }
        return send(buffer, of: answer, then: slice.dropping(buffer.readableBytes), context)
    }

    private func readFromDisk(_ slice: FileSlice, of answer: OutgoingAnswer, _ context: ChannelHandlerContext) {
        state = .reading(answer)
        let wanted = Int(min(slice.length, Int64(Self.diskPieceBytes)))
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

    private func send(
        _ piece: ByteBuffer,
        of answer: OutgoingAnswer,
        then rest: Answer.Body,
        _ context: ChannelHandlerContext
    ) -> Int {
        deadlines.enter(.answering, now: .now())
        var answer = answer
        answer.rest = rest
        state = .sending(answer)
        context.write(wrapOutboundOut(.body(.byteBuffer(piece))), promise: nil)
        if case .none = rest { return piece.readableBytes + complete(answer, context) }
        // Flushed at once, while it is hot in the cache, and so that its buffer is free for the next piece.
        needsFlush = false
        context.flush()
        return piece.readableBytes
    }

    /// Ends an answer whose body is written.
    private func complete(_ done: OutgoingAnswer, _ context: ChannelHandlerContext) -> Int {
        // Writing may have closed the connection.
        guard case .sending = state else { return 0 }
        services.logger.debug("\(done.line) \(done.status.code)", metadata: peer)
        needsFlush = true
        state = done.closesConnection ? .closing : .ready
        if done.closesConnection { pending.removeAll() }
        answersLeaving += 1
        let left = context.eventLoop.makePromise(of: Void.self)
        left.futureResult.assumeIsolated().whenComplete { _ in self.answerLeft() }
        context.write(wrapOutboundOut(.end(nil)), promise: left)
        return 0
    }

    /// Closes the connection because the rest of an answer cannot be sent: the early end tells the client that the body
    /// is incomplete.
    private func abandon(_ answer: OutgoingAnswer, _ reason: String) {
        services.logger.warning("answer cut short: \(reason)", metadata: ["request": "\(answer.line)"])
        close()
    }
}

extension FileSlice {
    /// What is left after the first `count` bytes.
    fileprivate func dropping(_ count: Int) -> Answer.Body {
        let rest = length - Int64(count)
        return rest > 0 ? .slice(FileSlice(file: file, offset: offset + Int64(count), length: rest)) : .none
    }
}
