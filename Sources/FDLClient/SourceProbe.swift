package import FDLCore
package import FDLTLS
import FDLPlan
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks a source how it is, without fetching anything: HEAD requests on one connection.
package struct SourceProbe: Sendable {
    /// What was found out. What could not be is nil.
    package struct Finding: Sendable {
        /// From the first packet to the open connection.
        package var connecting: Duration?
        /// From there to the end of the TLS handshake.
        package var handshake: Duration?
        package var tlsVersion: TLSVersion?
        /// When the certificate that it showed runs out.
        package var certificateEnd: UTCTime?
        /// From the first request to its response.
        package var answering: Duration?
        /// The source's clock, in whole seconds.
        package var clock: UTCTime?
        /// How many chunks, or files of a mirror, it was asked for, and …
        package var asked = 0
        /// … how many of these it has.
        package var held = 0
        /// Where it sends those who ask, if it does.
        package var redirected = 0
        package var fault: SourceError?
    }

    private let tls: SourceTLS
    private let configuration: TLSClientConfiguration
    private let access: SourceAccess
    private let timeout: TimeAmount

    /// How many chunks or files a source is asked for at most.
    package static let sampleSize = 32

    /// - Throws: `Failure` (78) if what was given for TLS cannot be used.
    package init(
        tls: TLSClientConfiguration,
        access: SourceAccess,
        timeout: Duration = .seconds(10)
    ) throws(Failure) {
        self.tls = try SourceTLS(tls, access, for: .chunks)
        configuration = tls
        self.access = access
        self.timeout = TimeAmount(timeout)
    }

    /// Asks for some of the manifest's chunks, evenly spread, or files of a mirror.
    package func ask(_ source: Manifest.Source, for manifest: Manifest) async -> Finding {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let result = loop.makePromise(of: Finding.self)
        let heads = heads(source, manifest)
        let start = NIODeadline.now()
        let dialer = Dialer(group: loop, timeout: timeout, proxies: access.proxies)
        let context = tls.context(for: source.url.origin, of: source.url)
        let timer = loop.scheduleTask(in: timeout) { result.fail(SourceError.timeout("the whole answer")) }
        let connected = dialer.open(source.url.origin) { channel in
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(TLSHandler(client: context, host: source.url.origin.host))
            try pipeline.addHTTPClientHandlers(leftOverBytesStrategy: .dropBytes)
            try pipeline.addHandler(ProbeHandler(heads, start: start, result))
        }
        connected.whenFailure { result.fail($0) }
        result.futureResult.whenComplete { _ in
            timer.cancel()
            connected.whenSuccess { $0.close(promise: nil) }
        }
        do { return try await result.futureResult.get() } catch {
            return Finding(fault: SourceError(connectionError: error))
        }
    }

    /// What to do about a source's fault.
    package func hint(for fault: SourceError, of source: Manifest.Source) -> String {
        fault.hint(in: SourceContext(.chunks, configuration, of: source.url, access.credentials))
    }

    /// What is asked for, each with the length that a mirror's file must have.
    private func heads(_ source: Manifest.Source, _ manifest: Manifest) -> [(HTTPRequestHead, length: Int64?)] {
        let writer = RequestWriter(source: source, manifest: manifest, credentials: access.credentials)
        let layout = manifest.layout
        let isMirror = source.kind == .mirror
        let files = manifest.files.indices.filter { manifest.files[$0].size > 0 }
        let all = isMirror ? files.map { layout.chunks(ofFile: $0).lowerBound } : Array(0..<layout.chunkCount)
        let count = min(Self.sampleSize, all.count)
        return (0..<count).map { number in
            let chunk = all[number * all.count / count]
            var head = writer.request(RequestID(rawValue: number), chunks: chunk..<(chunk + 1), compressed: false).head
            head.method = .HEAD
            head.headers.remove(name: "Range")
            head.headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
            return (head, isMirror ? manifest.files[layout.file(ofChunk: chunk)].size : nil)
        }
    }
}

/// Sends the requests one after the other and notes what comes.
private final class ProbeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private var heads: ArraySlice<(HTTPRequestHead, length: Int64?)>
    private var expected: Int64?
    private let result: EventLoopPromise<SourceProbe.Finding>
    private var mark: NIODeadline
    private var finding = SourceProbe.Finding()

    init(
        _ heads: [(HTTPRequestHead, length: Int64?)],
        start: NIODeadline,
        _ result: EventLoopPromise<SourceProbe.Finding>
    ) {
        self.heads = heads[...]
        self.result = result
        mark = start
    }

    /// Since the last step.
    private func step() -> Duration {
        let now = NIODeadline.now()
        defer { mark = now }
        return Duration(now - mark)
    }

    func channelActive(context: ChannelHandlerContext) {
        finding.connecting = step()
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let done = event as? TLSHandshakeCompleted {
            finding.handshake = step()
            finding.tlsVersion = done.version
            finding.certificateEnd = done.certificateEnd
            askNext(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func askNext(_ context: ChannelHandlerContext) {
        guard let (head, length) = heads.popFirst() else { return end(context) }
        expected = length
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): take(head, context)
        case .body: break
        case .end: askNext(context)
        }
    }

    private func take(_ head: HTTPResponseHead, _ context: ChannelHandlerContext) {
        if finding.answering == nil { finding.answering = step() }
        if finding.clock == nil { finding.clock = head.headers.first(name: "Date").flatMap(Self.time) }
        finding.asked += 1
        let length = head.headers.first(name: "Content-Length").flatMap { Int64($0) }
        switch head.status.code {
        case 200: if expected == nil || length == nil || length == expected { finding.held += 1 }
        case 301, 302, 303, 307, 308: finding.redirected += 1
        case 403, 404, 410: break
        default:
            finding.fault = ResponseCheck.refusal(head)
            end(context)
        }
    }

    /// A time as RFC 9110 section 5.6.7 has it.
    private static func time(_ text: String) -> UTCTime? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.split(separator: " ")
        guard parts.count == 6, let month = months.firstIndex(of: String(parts[2])), parts[5] == "GMT" else {
            return nil
        }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return UTCTime("\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if finding.asked == 0 { finding.fault = SourceError(connectionError: error) }
        end(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Some servers close behind each response: what they have said by then is enough.
        if finding.asked == 0, finding.fault == nil { finding.fault = .closedEarly("before the answer was complete") }
        end(context)
        context.fireChannelInactive()
    }

    private func end(_ context: ChannelHandlerContext) {
        result.succeed(finding)
        context.close(promise: nil)
    }
}
