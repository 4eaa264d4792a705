import NIOCore
import NIOHTTP1
import FDLCore
import FDLPlan

/// A mirror that has no ranges: one response brings a whole file.
extension FetchHandler {
    /// The response brings a whole file. Of what is asked for, it serves what follows in this file.
    func begin(_ adapter: RangeAdapter, _ exchange: Exchange, on id: ConnectionID) {
        var adapter = adapter
        sink.post(.rangesIgnored(exchange.request.id, on: id))
        let first = outstanding.removeFirst()
        outstanding = CircularBuffer([first] + outstanding.filter { adapter.promise($0.request) })
        stream = adapter
    }

    /// Takes a part of the response that brings a whole file.
    func stream(_ part: HTTPClientResponsePart, _ context: ChannelHandlerContext) {
        switch part {
        // That of a request that was written before the first response showed what they are.
        case .head: break
        case .body(let bytes):
            stream?.take(bytes)
            goOn(context)
        case .end:
            if let exchange = outstanding.first {
                return fail(exchange, .protocolViolation("the file is shorter than the manifest says"), context)
            }
            phase = .ending
            context.close(promise: nil)
        }
    }

    /// Serves what is asked for from what has arrived of the file.
    func goOn(_ context: ChannelHandlerContext) {
        while let exchange = outstanding.first, case .range(let first, let last, _) = exchange.request.resource,
            let piece = stream?.next(first: first, last: last)
        {
            do throws(SourceError) {
                if !exchange.hasHead, let stream {
                    try exchange.begin(stream.head(for: exchange.request), settings.buffers)
                }
                switch piece {
                case .readPast(let count):
                    readBytes += count
                    bytesSinceMark += count
                    pastBytes += count
                    if bytesSinceMark >= settings.timeouts.slowestBytes { mark() }
                case .body(let bytes): try take(bytes, exchange)
                case .end: try finish(exchange, context)
                }
            } catch {
                return fail(exchange, error, context)
            }
        }
        sink.flush()
        guard isReadHeld, !outstanding.isEmpty else { return }
        isReadHeld = false
        context.read()
    }

    func tellPast(_ exchange: Exchange) {
        if pastBytes > 0 { sink.post(.readPast(exchange.request.id, bytes: pastBytes)) }
        pastBytes = 0
    }

    /// While nothing is asked for of a stream, no more of it is read: what comes next may be wanted later.
    func read(context: ChannelHandlerContext) {
        isReadHeld = stream != nil && outstanding.isEmpty && phase == .open
        if !isReadHeld { context.read() }
    }
}
