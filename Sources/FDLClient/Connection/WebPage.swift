import FDLCore
import NIOHTTP1

/// Tells web pages from what was asked for: the login page of a network, or the page that a server has for every path.
///
/// A label alone decides nothing: servers label what they store as they like. It counts once the bytes are known not to
/// be those that were due.
enum WebPage {
    /// Whether an answer says that it is a page (RFC 9110 section 8.3, the WHATWG's types of HTML).
    static func isLabelled(_ headers: HTTPHeaders) -> Bool {
        guard let type = headers.first(name: "Content-Type") else { return false }
        let name = type.prefix { $0 != ";" && $0 != " " }.lowercased()
        return name == "text/html" || name == "application/xhtml+xml"
    }

    /// Whether a document is a page where JSON or a signature was due: it begins as markup does, or is labelled so and
    /// begins as neither of the two.
    /// - Parameter body: its beginning, or all of it.
    static func isPage(_ body: [UInt8], _ headers: HTTPHeaders) -> Bool {
        let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
        let text = body.starts(with: byteOrderMark) ? body.dropFirst(byteOrderMark.count) : body[...]
        let whitespace = Array(" \t\r\n".utf8)
        guard let first = text.first(where: { !whitespace.contains($0) }) else { return false }
        if first == UInt8(ascii: "<") { return true }
        return isLabelled(headers) && first != UInt8(ascii: "{") && !text.starts(with: Array("untrusted comment:".utf8))
    }

    /// What the head of an answer to a request for bytes is refused for.
    /// - Parameter error: what is wrong with it.
    static func cause(_ error: SourceError, of head: HTTPResponseHead) -> SourceError {
        guard case .protocolViolation = error, head.status == .ok, isLabelled(head.headers) else { return error }
        return .webPage(bytes: length(head.headers))
    }

    /// The length that an answer announces, in bytes.
    static func length(_ headers: HTTPHeaders) -> Int? {
        headers.first(name: "Content-Length").flatMap { Int($0) }
    }
}
