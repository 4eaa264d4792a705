import FDLCore
import FDLPlan
import FDLTLS
import NIOCore
import NIOHTTP1
import NIOPosix

/// Opens connections to sources for HTTP/1.1 over TLS, and resumes a TLS session if there is one.
struct SourceConnector: Sendable {
    let dialer: Dialer
    let tls: SourceTLS
    /// By the index of the source in the request.
    let writers: [RequestWriter]
    /// Indexed by `SourceID`: what the plan takes for a source is one at one address.
    let endpoints: [Endpoint]
    /// Indexed by `SourceID`: each address may be another server, which cannot resume another's sessions.
    let sessions: [TLSSessionCache]
    let settings: FetchSettings

    /// - Returns: the channel, as soon as its handshake is done, or the reason why there is none; the future itself
    ///   never fails. The channel takes `FetchCommand`s and reports to `sink`.
    func connect(_ id: ConnectionID, to source: SourceID, _ sink: FetchSink) -> EventLoopFuture<Connected> {
        let endpoint = endpoints[source.rawValue]
        let writer = writers[endpoint.source]
        let url = writer.source.url
        return dialer.open(url.origin, at: endpoint.address) { channel in
            try addHandlers(to: channel, id, writer, sessions[source.rawValue], sink)
        }
        .flatMap { channel in
            channel.eventLoop.submit {
                try channel.pipeline.syncOperations.handler(type: FetchHandler.self).whenReady
            }
            .flatMap { $0 }
            .map { .success(channel) }
        }
        .recover { .failure(SourceError(connectionError: $0)) }
    }

    typealias Connected = Result<any Channel, SourceError>

    private func addHandlers(
        to channel: any Channel,
        _ id: ConnectionID,
        _ writer: RequestWriter,
        _ sessions: TLSSessionCache,
        _ sink: FetchSink
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        let url = writer.source.url
        let context = tls.context(for: url)
        try pipeline.addHandler(TLSHandler(client: context, host: url.host, sessions: sessions))
        try pipeline.addHandler(HTTPRequestEncoder())
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 << 10
        limits.maxHeaderListSize = 32 << 10
        limits.maxHeaderFieldCount = 128
        let decoder = HTTPResponseDecoder(informationalResponseStrategy: .forward, limitConfiguration: limits)
        try pipeline.addHandler(ByteToMessageHandler(decoder))
        try pipeline.addHandler(
            FetchHandler(
                id: id,
                writer: writer,
                sink: sink,
                settings: settings,
                ready: channel.eventLoop.makePromise()
            )
        )
    }
}
