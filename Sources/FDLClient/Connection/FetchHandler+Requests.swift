import FDLCore
import FDLPlan
import NIOCore
import NIOHTTP1

extension FetchHandler {
    /// What a connection is there for.
    enum Role {
        /// For what the plan asks of a source.
        case source(ConnectionID)
        /// For what a source has led elsewhere.
        case link(RedirectFollower.Link)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        take(unwrapOutboundIn(data))
        promise?.succeed()
    }

    /// Takes what the plan wants. After the source has closed the connection, only what goes elsewhere is still asked
    /// for: the plan takes the rest back when it hears of the end.
    func take(_ commands: [FetchCommand]) {
        for command in commands {
            switch command {
            case .fetch(let id, let chunks):
                dispatch(writer.request(id, chunks: chunks, compressed: compression.nextIsCompressed()))
            case .revalidate(let id, let chunk):
                let (chunks, isCompressed) = (chunk..<(chunk + 1), compression.nextIsCompressed())
                dispatch(writer.request(id, chunks: chunks, compressed: isCompressed, pastCaches: true))
            case .cancel(let id): cancel(id)
            }
        }
        flush()
    }

    func flush() { context?.flush() }

    /// Sends a request to the source, or to where that is known to lead.
    func dispatch(_ request: ChunkRequest) {
        if hasLost || !follower.dispatch(request) { hasLost = true }
    }

    /// Writes a request on this connection, without a flush.
    /// - Returns: whether there still is one.
    @discardableResult
    func send(_ request: ChunkRequest) -> Bool {
        guard let context, phase == .open || phase == .handshaking else { return false }
        // What the stream cannot bring the plan takes back when it hears of the stream.
        guard stream?.promise(request) ?? true else { return true }
        let isIdle = outstanding.isEmpty
        if isIdle {
            mark()
            startTimer(context)
        }
        guard stream == nil else {
            outstanding.append(Exchange(request, measuresDelay: false))
            goOn(context)
            return true
        }
        outstanding.append(Exchange(request, measuresDelay: isIdle))
        context.write(wrapOutboundOut(.head(request.head)), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
        return true
    }

    func cancel(_ id: RequestID) {
        if let exchange = outstanding.first(where: { $0.request.id == id }) { return exchange.cancel() }
        if case .source = role { follower.cancel(id) }
    }

    /// Ends it from our side.
    func close() {
        if case .source = role { follower.close() }
        guard let context, phase != .closed else { return }
        context.close(promise: nil)
    }

    /// - Parameter error: nil if nothing was broken off.
    func tellEnd(_ error: SourceError?) {
        switch role {
        case .link(let link):
            sink.flush()
            follower.closed(link, error)
        case .source(let id):
            follower.homeEnded()
            guard error == nil, follower.isBusy else {
                follower.close()
                sink.post(.connectionClosed(id, error))
                return sink.flush()
            }
            // What has been led elsewhere still comes: redirectors often close behind their answer.
            follower.whenIdle { [self] in
                follower.close()
                sink.post(.connectionClosed(id, nil))
                sink.flush()
            }
        }
    }

    func tellFailure(_ exchange: Exchange, _ error: SourceError) {
        tellTransfer(exchange)
        let (request, chunk) = (exchange.request, exchange.currentChunk)
        guard request.journey != nil else { return sink.post(.failed(request.id, chunk: chunk, error)) }
        sink.flush()
        follower.fail(request, chunk: chunk, error, on: link)
    }

    var link: RedirectFollower.Link? {
        if case .link(let link) = role { link } else { nil }
    }

    /// Whether an end now breaks an answer off. A source may close between two of them, whatever has been asked
    /// meanwhile (RFC 9112 section 9.5), but not before the first.
    func isFault(_ error: SourceError) -> Bool {
        guard let exchange = outstanding.first else { return false }
        if case .closedEarly = error { return answered == 0 || exchange.hasHead }
        return true
    }
}
