import FDLCore
import FDLPlan
import FDLTLS
import NIOCore
import NIOHTTP1
import NIOPosix

/// Makes connections to sources: TLS with a resumed session if there is one, HTTP/1.1.
struct SourceConnector: Sendable {
    let dialer: Dialer
    let tls: TLSContext
    /// By `SourceID`.
    let writers: [RequestWriter]
    /// By `SourceID`: two sources may be two ports of one host, and neither can resume the other's sessions.
    let sessions: [TLSSessionCache]
    let settings: FetchSettings

    /// - Returns: the channel once its handshake is done. It takes `FetchCommand`s and tells `sink` what comes of them.
    ///   Where that cannot be, what was in the way. Never fails.
    func connect(_ id: ConnectionID, to source: SourceID, _ sink: FetchSink) -> EventLoopFuture<Connected> {
        let writer = writers[source.rawValue]
        let url = writer.source.url
        return dialer.open(url.origin) { channel in
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
        try pipeline.addHandler(TLSHandler(client: tls, host: writer.source.url.host, sessions: sessions))
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
