import FDLCompression
import FDLCore
import FDLPlan
import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import FDLClient

// What a source sends to a client.

/// The first byte says the coding, the second how the stream is cut, the third the bound.
@Sendable func fuzzInflate(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 3 else { return }
    let encoding: ContentEncoding = bytes[0] & 1 == 0 ? .gzip : .deflate
    let limit = Int(bytes[2]) << 8
    let stream = UnsafeRawBufferPointer(rebasing: bytes[3...])
    func inflate(by step: Int) -> (bytes: [UInt8], isWhole: Bool) {
        guard let inflater = try? ChunkInflater(encoding: encoding, limit: limit) else { return ([], false) }
        var output: [UInt8] = []
        do {
            var rest = stream[...]
            while !rest.isEmpty {
                let piece = rest.prefix(step)
                rest = rest.dropFirst(step)
                try inflater.feed(UnsafeRawBufferPointer(rebasing: piece)) { output += $0 }
            }
            try inflater.finish()
            return (output, true)
        } catch {
            return (output, false)
        }
    }
    let whole = inflate(by: stream.count)
    precondition(whole.bytes.count <= limit, "more than the bound")
    let pieces = inflate(by: Int(bytes[1]) + 1)
    precondition(whole.isWhole == pieces.isWhole, "the cuts decide whether a stream is good")
    if whole.isWhole { precondition(whole.bytes == pieces.bytes, "the cuts decide what a stream holds") }
}

/// A response as it comes off a connection, judged for a chunk and for a range.
@Sendable func fuzzResponse(_ bytes: UnsafeRawBufferPointer) {
    let channel = EmbeddedChannel()
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes))
    do {
        try channel.pipeline.syncOperations.addHandler(decoder)
        // A decoder of responses wants to know what was asked.
        try channel.pipeline.syncOperations.addHandler(HTTPRequestEncoder(), position: .first)
        let request = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["Host": "a.example"])
        channel.write(HTTPClientRequestPart.head(request), promise: nil)
        channel.write(HTTPClientRequestPart.end(nil), promise: nil)
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        while let part = try channel.readInbound(as: HTTPClientResponsePart.self) {
            guard case .head(let head) = part else { continue }
            judge(head)
        }
    } catch {
        return
    }
}

private let manifest: Manifest = {
    let size: Int64 = 100_000
    let digests = [String(repeating: "07", count: 32), String(repeating: "08", count: 32)]
    let text = """
        {"format":"fdl-manifest-v1","name":"a","version":1,"created":"2026-01-01T00:00:00Z","hash":"sha256",\
        "chunkSize":65536,"files":[{"path":"a","size":\(size),"executable":false,"chunks":\
        ["\(digests[0])","\(digests[1])"]}]}
        """
    guard let manifest = try? Manifest(parsing: Array(text.utf8)) else { fatalError("the sample is no manifest") }
    return manifest
}()

private let requests: [ChunkRequest] = {
    guard let url = try? SourceURL("https://a.example/") else { fatalError("the sample is no URL") }
    return [SourceKind.worker, .mirror].map { kind in
        RequestWriter(source: Manifest.Source(kind: kind, url: url), manifest: manifest)
            .request(RequestID(rawValue: 0), chunks: 1..<2, compressed: true)
    }
}()

private func judge(_ head: HTTPResponseHead) {
    for request in requests {
        if let encoding = try? ResponseCheck.accept(head, for: request) { _ = encoding }
        _ = ResponseCheck.refusal(head)
    }
    _ = WebPage.cause(.protocolViolation("fuzz"), of: head)
    guard let redirection = Redirection(head) else { return }
    let start = TargetURL(origin: Origin(host: "a.example", port: 443), pathAndQuery: "/b/c?d")
    var journey = Journey(from: start)
    try? journey.follow(redirection)
    let target = journey.here.pathAndQuery
    let isVisible = target.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    precondition(isVisible && target.hasPrefix("/"), "not fit for a request line: \(target)")
}
