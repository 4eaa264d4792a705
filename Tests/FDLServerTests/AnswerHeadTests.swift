import NIOCore
import NIOEmbedded
import NIOHTTP1
import TestSupport
import Testing

@testable import FDLServer

@Suite("The head of an answer")
struct AnswerHeadTests {
    /// What swift-nio's encoder writes.
    private func encoded(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) throws -> String {
        let channel = EmbeddedChannel(handler: HTTPResponseEncoder())
        defer { _ = try? channel.finish() }
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        try channel.writeOutbound(HTTPServerResponsePart.head(head))
        return try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) } ?? ""
    }

    private func written(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ common: String, closes: Bool) -> String
    {
        var buffer = ByteBuffer(string: "before")
        buffer.writeHead(status, headers, common: common, closes: closes)
        return String(buffer: buffer)
    }

    @Test func `it is what swift-nio writes`() throws {
        let statuses: [HTTPResponseStatus] = [
            .ok, .partialContent, .badRequest, .notFound, .methodNotAllowed, .uriTooLong,
            .rangeNotSatisfiable, .requestHeaderFieldsTooLarge, .notImplemented, .serviceUnavailable,
            .httpVersionNotSupported,
        ]
        let names = ["Content-Type", "ETag", "Content-Length", "X", "Repr-Digest"]
        let values = ["", "0", "application/octet-stream", "\"ab\"", "a value longer than fifteen bytes, é"]
        var generator = SeededGenerator(seed: 21)
        for round in 0..<200 {
            // Without a length, that encoder would announce chunks.
            var headers: HTTPHeaders = ["Content-Length": "\(round)"]
            for _ in 0..<Int.random(in: 0...8, using: &generator) {
                headers.add(
                    name: names.randomElement(using: &generator) ?? "X",
                    value: values.randomElement(using: &generator) ?? ""
                )
            }
            let status = statuses.randomElement(using: &generator) ?? .ok
            var all = headers
            all.add(name: "Date", value: "now")
            if round % 2 == 0 { all.add(name: "Connection", value: "close") }
            let ours = written(status, headers, "Date: now\r\n", closes: round % 2 == 0)
            let theirs = try encoded(status, all)
            #expect(ours == "before" + theirs)
        }
    }
}
