import FDLCore
import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import FDLServer

// What a client sends to a worker.

/// The first eight bytes are the size of what is asked for, the rest is the field.
@Sendable func fuzzRange(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 8 else { return }
    let size = Int64(bitPattern: bytes.loadUnaligned(as: UInt64.self) >> 1)
    let fields = String(decoding: bytes.dropFirst(8), as: UTF8.self).split(separator: "\n").map(String.init)
    guard case .part(let range) = RangeRequest(fields: fields, size: size) else { return }
    let isInside = !range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size
    precondition(isInside, "a range beyond the file: \(range)")
}

@Sendable func fuzzURI(_ bytes: UnsafeRawBufferPointer) {
    let text = String(decoding: bytes, as: UTF8.self)
    if case .file(let path) = RequestTarget(text)?.path {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isSafe = parts.allSatisfy { !$0.isEmpty && $0.first != UInt8(ascii: ".") } && !path.utf8.contains(0)
        precondition(isSafe, "a file that is never to be served: \(path)")
    }
    if let decoded = TreePath.percentDecoded(text) {
        let again = TreePath.percentDecoded(TreePath.percentEncoded(decoded))
        precondition(again.map { $0.utf8.elementsEqual(decoded.utf8) } == true, "an encoding is not undone")
    }
    if let path = TreePath(text) {
        precondition(TreePath.percentDecoded(path.description).flatMap(TreePath.init) == path, "another path: \(path)")
    }
    if let url = try? SourceURL(text) {
        precondition((try? SourceURL(url.description)) == url, "a URL is another when it is read again: \(url)")
        if let target = try? TargetURL(origin: url.origin, pathAndQuery: url.path).resolving(text) {
            precondition(target.pathAndQuery.hasPrefix("/"), "a target without a path")
        }
    }
    let origin = Origin(host: "a.example", port: 443)
    if let target = try? TargetURL(origin: origin, pathAndQuery: "/b/c?d").resolving(text) {
        let isVisible = target.pathAndQuery.utf8.allSatisfy { (0x21...0x7e).contains($0) }
        precondition(isVisible && target.pathAndQuery.hasPrefix("/"), "not fit for a request line")
    }
}

/// A line is a field; what may be sent is one of two codings, each at most once.
@Sendable func fuzzAcceptEncoding(_ bytes: UnsafeRawBufferPointer) {
    let fields = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    let preferred = AcceptEncoding(fields: fields).preferred
    precondition(preferred.count == Set(preferred).count, "a coding is named twice")
}

/// Whatever a client calls the host, the page for people has no markup of the client's, and no blank in a command.
@Sendable func fuzzHost(_ bytes: UnsafeRawBufferPointer) {
    let host = String(decoding: bytes, as: UTF8.self)
    let site = FrontPage.site(host: host)
    let isSafe = site.utf8.allSatisfy { (0x21...0x7e).contains($0) && !"<>&\"'`$\\;|".utf8.contains($0) }
    precondition(isSafe, "not fit for a page: \(site)")
    precondition(HostField.isValid(host) == HostField.isOfForm(host), "the short way to judge a host is another")
}

/// Requests as they come off a connection.
@Sendable func fuzzRequest(_ bytes: UnsafeRawBufferPointer) {
    let channel = EmbeddedChannel()
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = 2048
    limits.maxHeaderListSize = 2048
    limits.maxHeaderFieldCount = 200
    let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
    do {
        try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(decoder))
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            if case .head(let head) = part { judge(head) }
        }
    } catch {
        if let error = error as? HTTPParserError {
            precondition((400...599).contains(RequestForm.status(for: error).code), "no refusal")
        }
    }
}

private func judge(_ head: HTTPRequestHead) {
    let fields = RequestFields(head.headers)
    if let fault = RequestForm.fault(of: head, fields) {
        precondition((400...599).contains(fault.code), "no refusal")
        return
    }
    let hosts = head.headers["host"]
    precondition(hosts.count <= 1 && fields.host == hosts.first, "two hosts")
    precondition(fields.has(.range) == head.headers.contains(name: "range"), "a range is not seen, or made up")
    let validators = Validators(entityTag: "\"a\"", lastModified: UTCTime(secondsSince1970: 1_700_000_000))
    let now = UTCTime(secondsSince1970: 1_800_000_000)
    _ = Preconditions.evaluate(head.headers, validators, now: now)
    _ = Preconditions.rangeApplies(head.headers, validators, now: now)
    let page = PageRequest(target: head.uri)
    precondition(PageRequest(target: page.target) == page, "a page's address leads to another page")
    _ = RangeRequest(fields: head.headers["range"], size: 1000)
    _ = AcceptEncoding(fields: head.headers["accept-encoding"]).preferred
}

/// A header is the same whatever follows it, and incomplete until its last byte is there.
@Sendable func fuzzProxyHeader(_ bytes: UnsafeRawBufferPointer) {
    let bytes = Array(bytes)
    guard case .header(let header) = ProxyHeader.parse(bytes) else { return }
    precondition((1...ProxyHeader.maximumBytes).contains(header.length) && header.length <= bytes.count, "its length")
    precondition(ProxyHeader.parse(Array(bytes[..<header.length])) == .header(header), "what follows counts")
    for length in 0..<min(header.length, 160) {
        precondition(ProxyHeader.parse(Array(bytes[..<length])) == .incomplete, "judged before it is whole")
    }
}
