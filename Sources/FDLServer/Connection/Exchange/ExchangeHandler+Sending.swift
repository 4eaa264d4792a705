import FDLCore
import FDLSystem
import FDLTLS
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

extension ExchangeHandler {
    /// How many bytes are read, encrypted and sent at a time, at most. Twice as many fit the processor's second-level
    /// cache.
    static let pieceBytes = 128 << 10
    /// How many bytes are sent at a time to a socket that has no room now: one TLS record.
    static let leastPieceBytes = 16 << 10
    /// How many bytes are read at a time if they have to come from the disk, at most.
    static let diskPieceBytes = 512 << 10
    /// How many bytes of small answers are gathered before they are encrypted.
    static let gatheredBytes = 16 << 10
    /// How many bytes one connection may send before the others of its loop have their turn.
    static let turnBytes = 1 << 20
    /// A piece of so many bytes is flushed at once, also where further answers follow.
    static let largePieceBytes = 64 << 10
    /// How many bytes of a turn an answer's head counts as, roughly: answers without a body take time too.
    static let headBytes = 512
    /// The largest body from memory that is copied behind its head.
    static let smallBodyBytes = 16 << 10

    /// Does what there is to do, until it has to wait for the peer or another thread, or its turn is over.
    func advance() {
        // Sending can make the channel report that it is writable, which calls this again; the loop below sees it.
        guard let context, turn == .free else { return }
        turn = .running
        var sent = 0
        while true {
            let mayWrite = context.channel.isWritable && sent < Self.turnBytes && unflushed < Self.gatheredBytes
            if mayWrite, step(context, &sent) { continue }
            if unflushed > 0 {
                unflushed = 0
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
        services.turns.value(on: context.eventLoop).take(on: context.eventLoop) {
            self.turn = .free
            self.advance()
        }
    }

    /// - Returns: whether anything was done.
    private func step(_ context: ChannelHandlerContext, _ sent: inout Int) -> Bool {
        switch state {
        case .ready:
            if pending.isEmpty { arrival?.handOn() }
            if !pending.isEmpty, mustWait(for: 0, context) { return false }
            guard let next = pending.popFirst() else {
                becomeIdle()
                return false
            }
            sent += Self.headBytes + begin(next, context)
            return true
        case .sending(let answer):
            if mustWait(for: answer.rest.length, context) { return false }
            sent += sendPiece(of: answer, context)
            return true
        case .looking, .compressing, .reading, .closing, .closed:
            return false
        }
    }

    // MARK: Beginning

    /// - Returns: how many bytes of the body it sent.
    private func begin(_ next: PendingRequest, _ context: ChannelHandlerContext) -> Int {
        started = .now()
        pacing.isBooked = false
        switch next {
        case .refusal(let status):
            pending.removeAll()
            return start(.refusal(status), request: nil, context)
        case .request(let head):
            return follow(services.responder.decide(head, now: .now), head, context)
        }
    }

    private func follow(_ decision: Decision, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) -> Int {
        switch decision {
        case .answer(let answer): return start(answer, request: head, context)
        case .compress(let chunk, let plain): return compress(chunk, plain: plain, head, context)
        case .lookAgain:
            decideAgain(head, after: services.responder.lookAgain(on: services.readers, context.eventLoop))
        case .inspect(let file):
            decideAgain(head, after: services.responder.inspect(file, on: services.readers, context.eventLoop))
        }
        return 0
    }

    private func decideAgain(_ head: HTTPRequestHead, after looked: EventLoopFuture<Void>) {
        enter(.answering)
        state = .looking
        looked.assumeIsolated().whenComplete { _ in
            guard case .looking = self.state, let context = self.context else { return }
            _ = self.follow(self.services.responder.decide(head, now: .now, hasLooked: true), head, context)
            self.advance()
        }
    }

    private func compress(
        _ chunk: CompressibleChunk,
        plain: Answer,
        _ head: HTTPRequestHead,
        _ context: ChannelHandlerContext
    ) -> Int {
        func answer(_ entry: CompressedChunks.Entry?, wait: Duration? = nil) -> Answer {
            if case .compressed(let compressed) = entry {
                if head.method != .HEAD {
                    let count = Int64(compressed.bytes.readableBytes)
                    services.metrics?.compressed(from: chunk.slice.length, to: count)
                }
                return ChunkHeaders.answer(chunk, compressed, wait: wait)
            }
            return plain
        }
        // Whoever asks for a head alone is told of what is there.
        if head.method == .HEAD { return start(answer(services.compression.remembered(chunk)), request: head, context) }
        switch services.compression.compressed(chunk, for: context.eventLoop) {
        case .ready(let entry): return start(answer(entry), request: head, context)
        case .refused: return start(plain, request: head, context)
        case .waiting(let ticket, let result):
            enter(.answering)
            state = .compressing(ticket)
            result.assumeIsolated().whenComplete { result in
                guard case .compressing = self.state, let context = self.context else { return }
                let wait = Duration(.now() - self.started)
                _ = self.start(answer(try? result.get(), wait: wait), request: head, context)
                self.advance()
            }
        }
        return 0
    }

    /// Writes the head of an answer, and in one piece with it what of the body is at hand.
    /// - Returns: how many bytes of the body it sent.
    private func start(_ answer: Answer, request: HTTPRequestHead?, _ context: ChannelHandlerContext) -> Int {
        let closes =
            request.map { Self.endsConnection($0) || RequestForm.endsConnection(answer.status) || isLastAnswer } ?? true
        let scratch = LoopScratch.ofThisLoop
        let sendsBody = request?.method != .HEAD
        let outgoing = OutgoingAnswer(answer, sendsBody: sendsBody, closesConnection: closes, request, started)
        let wanted = pieceSize(Int(clamping: outgoing.rest.length), most: pieceLimit)
        bookFirst(wanted)
        var buffer = scratch.takeBuffer(capacity: 2 * Self.headBytes + wanted)
        defer { scratch.putBack(buffer) }
        var headers = answer.headers
        if services.demandsTLS { headers.add(name: "Strict-Transport-Security", value: "max-age=31536000") }
        buffer.writeHead(answer.status, headers, common: scratch.commonFields(.now), closes: closes)
        switch outgoing.rest {
        case .none: return send(buffer, of: outgoing, then: .none, context)
        case .bytes(let bytes):
            guard bytes.readableBytes <= Self.smallBodyBytes else {
                return send(buffer, of: outgoing, then: outgoing.rest, context)
            }
            buffer.writeImmutableBuffer(bytes)
            return send(buffer, of: outgoing, then: .none, context)
        case .slice(let slice):
            let headEnd = buffer.writerIndex
            switch read(slice, wanted, behind: &buffer) {
            case .bytes(let count):
                let sent = send(buffer, of: outgoing, then: slice.dropping(count), context)
                return sent - headEnd
            case .notCached:
                context.write(wrapOutboundOut(buffer), promise: nil)
                unflushed += Self.headBytes
                readFromDisk(slice, of: outgoing, context)
            case .failed(let reason): abandon(outgoing, reason)
            }
            return 0
        }
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
            let wanted = pieceSize(buffer.readableBytes, most: pieceLimit)
            let piece = buffer.readSlice(length: wanted) ?? ByteBuffer()
            return send(piece, of: answer, then: buffer.readableBytes > 0 ? .bytes(buffer) : .none, context)
        case .slice(let slice):
            return sendPiece(of: slice, of: answer, context)
        case .none:
            // An answer that is complete is not being sent.
            return send(ByteBuffer(), of: answer, then: .none, context)
        }
    }

    private func sendPiece(of slice: FileSlice, of answer: OutgoingAnswer, _ context: ChannelHandlerContext) -> Int {
        let scratch = LoopScratch.ofThisLoop
        let wanted = pieceSize(Int(clamping: slice.length), most: pieceLimit)
        var buffer = scratch.takeBuffer(capacity: wanted)
        defer { scratch.putBack(buffer) }
        switch read(slice, wanted, behind: &buffer) {
        case .bytes(let count): return send(buffer, of: answer, then: slice.dropping(count), context)
        case .notCached: readFromDisk(slice, of: answer, context)
        case .failed(let reason): abandon(answer, reason)
        }
        return 0
    }

    /// - Parameter rest: of the body, behind `piece`; with none the answer is complete.
    /// - Returns: how many bytes `piece` has.
    func send(
        _ piece: ByteBuffer,
        of answer: OutgoingAnswer,
        then rest: Answer.Body,
        _ context: ChannelHandlerContext
    ) -> Int {
        enter(.answering)
        if case .none = rest {
            complete(answer, with: piece, context)
            return piece.readableBytes
        }
        var answer = answer
        answer.rest = rest
        state = .sending(answer)
        context.write(wrapOutboundOut(piece), promise: nil)
        // Flushed at once, while it is hot in the cache, and so that its buffer is free for the next piece.
        unflushed = 0
        context.flush()
        return piece.readableBytes
    }

    /// Ends an answer with its last piece.
    private func complete(_ done: OutgoingAnswer, with piece: ByteBuffer, _ context: ChannelHandlerContext) {
        services.logger.debug("\(done.line) \(done.status.code)", metadata: peer)
        state = done.closesConnection ? .closing : .ready
        if done.closesConnection {
            pending.removeAll()
            arrival?.drop()
        }
        var done = done
        done.rest = .none
        var left: EventLoopPromise<Void>?
        // Answers leave in order: of those that follow each other at once, the last one says that all have.
        if pending.isEmpty {
            answersLeaving += 1
            let promise = context.eventLoop.makePromise(of: Void.self)
            let client = accessClient
            promise.futureResult.assumeIsolated().whenComplete { [done] result in
                self.record(done, of: client, isComplete: (try? result.get()) != nil)
                self.answerLeft()
            }
            left = promise
        } else {
            record(done, of: accessClient, isComplete: true)
        }
        context.write(wrapOutboundOut(piece), promise: left)
        // A large piece while it is hot in the cache, small ones together.
        if piece.readableBytes < Self.largePieceBytes {
            // An empty piece is one as well.
            unflushed += max(1, piece.readableBytes)
        } else {
            unflushed = 0
            context.flush()
        }
    }

    /// Closes the connection because the rest of an answer cannot be sent: the early end tells the client that the body
    /// is incomplete.
    func abandon(_ answer: OutgoingAnswer, _ reason: String) {
        services.logger.warning("answer cut short: \(reason)", metadata: ["request": "\(answer.line)"])
        if state.unfinished == nil { record(answer, of: accessClient, isComplete: false) }
        close()
    }
}
