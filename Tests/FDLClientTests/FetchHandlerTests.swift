import FDLCore
import FDLPlan

import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization
import Testing

@testable import FDLClient
@testable import FDLTLS

@Suite struct FetchHandlerTests {
    /// What a connection has told the plan, in order.
    private final class Told: Sendable {
        let events = Mutex<[String]>([])

        var sink: FetchSink {
            FetchSink(
                post: { event in
                    let text: String? =
                        switch event {
                        case .began(let id): "began \(id.rawValue)"
                        case .progress(let id, let bytes): "progress \(id.rawValue) \(bytes)"
                        case .verified(let id, let chunk): "verified \(id.rawValue) \(chunk)"
                        default: nil
                        }
                    if let text { self.events.withLock { $0.append(text) } }
                },
                accept: { _, _ in }
            )
        }
    }

    @Test func theBeginningOfAnAnswerIsToldWhereItShowsTheDelayOfThePath() throws {
        let size = 65536
        let bytes = patternBytes(2 * size, seed: 3)
        let manifest = try manifest([("a", bytes)])
        let source = Manifest.Source(kind: .worker, url: try SourceURL("https://h.example/"))
        let told = Told()
        let channel = EmbeddedChannel()
        let handler = FetchHandler(
            id: ConnectionID(rawValue: 0),
            writer: RequestWriter(source: source, manifest: manifest),
            sink: told.sink,
            buffers: ChunkBufferPool(chunkSize: size, memoryLimit: 1 << 20, isForDisk: false),
            limiter: nil,
            compression: .never,
            timeouts: FetchTimeouts(),
            ready: channel.eventLoop.makePromise()
        )
        try channel.pipeline.syncOperations.addHandler(handler)
        channel.pipeline.fireUserInboundEventTriggered(
            TLSHandshakeCompleted(version: .tls13, cipher: "", resumed: false, peerPin: nil)
        )
        // The second waits behind the first: when its answer comes says nothing about the path.
        for number in 0..<2 {
            try channel.writeOutbound(
                FetchCommand.fetch(RequestID(rawValue: number), chunks: number..<(number + 1))
            )
        }
        func head() -> HTTPClientResponsePart {
            .head(HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "\(size)"]))
        }
        try channel.writeInbound(head())
        #expect(told.events.withLock { $0 } == ["began 0"])
        for number in 0..<2 {
            if number > 0 { try channel.writeInbound(head()) }
            let body = ByteBuffer(bytes: bytes[(number * size)..<((number + 1) * size)])
            try channel.writeInbound(HTTPClientResponsePart.body(body))
            try channel.writeInbound(HTTPClientResponsePart.end(nil))
        }
        #expect(told.events.withLock { $0 } == ["began 0", "verified 0 0", "verified 1 1"])
        _ = try channel.finish()
    }
}
