import FDLCore
import FDLCompression

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
    let site = FrontPage.site(host: String(decoding: bytes, as: UTF8.self))
    let isSafe = site.utf8.allSatisfy { (0x21...0x7e).contains($0) && !"<>&\"'`$\\;|".utf8.contains($0) }
    precondition(isSafe, "not fit for a page: \(site)")
}
