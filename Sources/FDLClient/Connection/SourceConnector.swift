import FDLCore
import FDLPlan
import FDLTLS
import NIOCore
import NIOHTTP1
import NIOPosix

/// Opens connections to sources, and to where their redirects lead, for HTTP/1.1 over TLS, and resumes a TLS session if
/// there is one.
struct SourceConnector: Sendable {
    let dialer: Dialer
    let tls: SourceTLS
    /// By the index of the source in the request.
    let writers: [RequestWriter]
    /// By the index of the source in the request.
    let signposts: [Signposts]
    /// Indexed by `SourceID`: what the plan takes for a source is one at one address.
    let endpoints: [Endpoint]
    /// Indexed by `SourceID`: each address may be another server, which cannot resume another's sessions.
    let sessions: [TLSSessionCache]
    /// Indexed by `SourceID`.
    let compression: [SourceCompression]
    let settings: FetchSettings

    typealias Connected = Result<FetchConnection, SourceError>

    /// - Returns: the connection, as soon as its handshake is done, or the reason why there is none; the future itself
    ///   never fails. The connection takes `FetchCommand`s and reports to `sink`.
    func connect(_ id: ConnectionID, to source: SourceID, _ sink: FetchSink) -> EventLoopFuture<Connected> {
        let endpoint = endpoints[source.rawValue]
        let (writer, signposts) = (writers[endpoint.source], signposts[endpoint.source])
        let (sessions, compression) = (sessions[source.rawValue], compression[source.rawValue])
        let url = writer.source.url
        return open(url.origin, at: endpoint.address, of: url, sessions, dialer) { channel in
            let loop = channel.eventLoop
            let follower = RedirectFollower(writer: writer, signposts: signposts, sink: sink, loop: loop) {
                origin,
                link,
                follower in
                let bound = NIOLoopBound((link, follower), eventLoop: loop)
                return self.open(origin, at: nil, of: url, sessions, dialer.on(loop)) { _ in
                    FetchHandler(
                        .link(bound.value.0),
                        writer: writer,
                        follower: bound.value.1,
                        sink: sink,
                        settings: settings,
                        compression: compression,
                        ready: loop.makePromise()
                    )
                }
            }
            return FetchHandler(
                .source(id),
                writer: writer,
                follower: follower,
                sink: sink,
                settings: settings,
                compression: compression,
                ready: loop.makePromise()
            )
        }
    }

    /// - Parameters:
    ///   - address: nil to look the origin's name up.
    ///   - url: of the source whose own origin this is, or whose redirects have led there.
    ///   - handler: makes the channel's last handler, on its event loop.
    private func open(
        _ origin: Origin,
        at address: SocketAddress?,
        of url: SourceURL,
        _ sessions: TLSSessionCache,
        _ dialer: Dialer,
        _ handler: @escaping @Sendable (any Channel) -> FetchHandler
    ) -> EventLoopFuture<Connected> {
        dialer.open(
            origin,
            at: address,
            making: { channel in
                let context = tls.context(for: origin, of: url)
                let first = try TLSHandler(client: context, host: origin.host, sessions: sessions)
                let last = handler(channel)
                try Self.add(first, last, to: channel)
                return last
            }
        )
        .flatMap { channel, handler in
            let connection = FetchConnection(channel: channel, handler: handler)
            return channel.eventLoop.flatSubmit { handler.value.whenReady.map { .success(connection) } }
        }
        .recover { .failure(SourceError(connectionError: $0)) }
    }

    private static func add(_ tls: TLSHandler, _ handler: FetchHandler, to channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(tls)
        try pipeline.addHandler(HTTPRequestEncoder())
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 << 10
        limits.maxHeaderListSize = 32 << 10
        limits.maxHeaderFieldCount = 128
        let decoder = HTTPResponseDecoder(informationalResponseStrategy: .forward, limitConfiguration: limits)
        try pipeline.addHandler(ByteToMessageHandler(decoder))
        try pipeline.addHandler(handler)
    }
}
