import FDLCore
import FDLTLS
import NIOCore
import NIOHTTP1
import NIOPosix

/// Fetches small documents whole: a manifest and its signature. It follows redirects, and verifies nothing.
struct DocumentFetcher: Sendable {
    let group: any EventLoopGroup
    let tls: SourceTLS
    var access = SourceAccess()
    /// For the connection, and again for a proxy's response.
    var connectTimeout = TimeAmount.seconds(15)
    /// From the connection attempt to the end of one document.
    var timeout = TimeAmount.seconds(60)
    /// Told of each other origin that a redirect leads to.
    var led: @Sendable (Origin) -> Void = { _ in }

    /// What one request brings.
    fileprivate enum Answer {
        case document([UInt8])
        case elsewhere(Redirection)
    }

    /// - Parameters:
    ///   - name: percent-encoded: what follows the URL's path.
    ///   - limit: the greatest length accepted, in bytes.
    /// - Returns: nil if the source answers 404 or 410.
    /// - Throws: `SourceError`.
    func fetch(_ name: String, from url: SourceURL, limit: Int) async throws(SourceError) -> [UInt8]? {
        try await fetch(TargetURL(origin: url.origin, pathAndQuery: url.target(of: name)), of: url, limit: limit)
    }

    /// - Parameters:
    ///   - target: what is fetched.
    ///   - url: of the source that it is fetched for.
    ///   - limit: the greatest length accepted, in bytes.
    /// - Returns: nil if the answer is 404 or 410.
    /// - Throws: `SourceError`.
    func fetch(_ target: TargetURL, of url: SourceURL, limit: Int) async throws(SourceError) -> [UInt8]? {
        var journey = Journey(from: target)
        let deadline = NIODeadline.now() + timeout
        while true {
            do {
                let context = tls.context(for: journey.here.origin, of: url)
                switch try await ask(journey.here, context, limit, deadline).get() {
                case .document(let bytes): return bytes
                case .elsewhere(let redirection): try journey.follow(redirection)
                }
            } catch SourceError.lacking {
                return nil
            } catch {
                let cause = (error as? RedirectFault).map(SourceError.redirects) ?? SourceError(connectionError: error)
                throw journey.stops.count > 1 ? .led(to: journey.here, cause) : cause
            }
            if journey.here.origin != target.origin { led(journey.here.origin) }
        }
    }

    private func ask(
        _ target: TargetURL,
        _ context: TLSContext,
        _ limit: Int,
        _ deadline: NIODeadline
    ) -> EventLoopFuture<Answer> {
        let loop = group.next()
        let document = loop.makePromise(of: Answer.self)
        let timer = loop.scheduleTask(deadline: deadline) { document.fail(SourceError.timeout("the whole answer")) }
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: target.pathAndQuery)
        head.headers.add(name: "Host", value: target.origin.authority)
        head.headers.add(name: "User-Agent", value: "fdl-secure/\(Product.version)")
        head.headers.add(name: "Accept-Encoding", value: "identity")
        // A cache on the way must not keep serving half of an older pair of manifest and signature (RFC 9111 section
        // 5.2.1.4).
        head.headers.add(name: "Cache-Control", value: "no-cache")
        head.headers.add(name: "Connection", value: "close")
        head.headers.show(access.credentials.fields(for: target.origin))
        let request = head
        let dialer = Dialer(group: loop, timeout: connectTimeout, proxies: access.proxies)
        let connected = dialer.open(target.origin) { channel in
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(TLSHandler(client: context, host: target.origin.host))
            try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
            try pipeline.addHandler(DocumentHandler(request: request, limit: limit, document: document))
        }
        connected.whenFailure { document.fail($0) }
        document.futureResult.whenComplete { _ in
            timer.cancel()
            connected.whenSuccess { $0.close(promise: nil) }
        }
        return document.futureResult
    }
}

/// Requests one document and collects it.
private final class DocumentHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: HTTPRequestHead
    private let limit: Int
    private let document: EventLoopPromise<DocumentFetcher.Answer>
    private var bytes: [UInt8] = []
    private var headers: HTTPHeaders = [:]

    init(request: HTTPRequestHead, limit: Int, document: EventLoopPromise<DocumentFetcher.Answer>) {
        self.request = request
        self.limit = limit
        self.document = document
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(request)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if let redirection = Redirection(head) {
                document.succeed(.elsewhere(redirection))
                return context.close(promise: nil)
            }
            guard head.status == .ok else { return fail(ResponseCheck.refusal(head), context) }
            let named = head.headers.first(name: "Content-Encoding")?.lowercased() ?? "identity"
            headers = head.headers
            if named != "identity" {
                fail(WebPage.cause(.protocolViolation("an encoding that was not asked for"), of: head), context)
            }
        case .body(let part):
            guard bytes.count + part.readableBytes <= limit else {
                let isPage = WebPage.isPage(bytes + part.readableBytesView, headers)
                let length = WebPage.length(headers)
                return fail(
                    isPage ? .webPage(bytes: length) : .protocolViolation("a document of over \(limit) bytes"),
                    context
                )
            }
            bytes += part.readableBytesView
        case .end:
            if WebPage.isPage(bytes, headers) { return fail(.webPage(bytes: bytes.count), context) }
            document.succeed(.document(bytes))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        document.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        document.fail(SourceError.closedEarly("before the answer was complete"))
        context.fireChannelInactive()
    }

    private func fail(_ error: SourceError, _ context: ChannelHandlerContext) {
        document.fail(error)
        context.close(promise: nil)
    }
}
