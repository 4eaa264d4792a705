import FDLCompression
import FDLCore
import NIOHTTP1

/// Checks the head of a response before its body is read.
enum ResponseCheck {
    /// - Returns: how the body is encoded; nil if it is plain.
    /// - Throws: what the source did wrong.
    static func accept(_ head: HTTPResponseHead, for request: ChunkRequest) throws(SourceError) -> ContentEncoding? {
        switch request.resource {
        case .chunk:
            guard head.status == .ok else { throw refusal(head) }
            let encoding = try encoding(of: head, chunkLength: request.bodyLength)
            if encoding == nil { try checkLength(head, request.bodyLength) }
            return encoding
        case .range(let first, let last, let fileSize):
            switch head.status {
            case .partialContent:
                // The bytes of a range are the file's own, whatever their label says: servers label a file that is a
                // .gz by itself.
                try checkContentRange(head, first, last, fileSize)
            case .ok:
                // The whole file is a right response only if all of it was asked for (RFC 9110 section 14.2).
                guard first == 0, last == fileSize - 1 else {
                    throw .protocolViolation("answered a range with the whole file")
                }
                if let label = labels(of: head).first { throw unknown(label) }
            default: throw refusal(head)
            }
            try checkLength(head, request.bodyLength)
            return nil
        }
    }

    /// The challenge for a token (RFC 6750 section 3) by which a registry answers a request.
    /// - Returns: nil for any other response, and for one from where a registry has led.
    static func challenge(in head: HTTPResponseHead, to request: ChunkRequest) -> AuthenticationChallenge? {
        guard head.status == .unauthorized, request.pass != nil, request.isAtSource else { return nil }
        return AuthenticationChallenge.all(in: head.headers["WWW-Authenticate"]).first { $0.scheme == "bearer" }
    }

    /// The error for a response whose status is not the one wanted.
    static func refusal(_ head: HTTPResponseHead) -> SourceError {
        switch head.status.code {
        case 404, 410: .lacking
        case 401, 403, 407: .forbidden(Int(head.status.code))
        case 408, 429, 500...599: .status(Int(head.status.code), retryAfter: retryAfter(head))
        case 304: .protocolViolation("answered 304 to a request without conditions")
        // Those that lead elsewhere are followed: `Redirection`.
        case 300...399: .redirects(.status(Int(head.status.code)))
        default: .protocolViolation("answered \(head.status.code)")
        }
    }

    /// `Retry-After` (RFC 9110 section 10.2.3) in seconds only: a date would need this machine's clock to be right.
    private static func retryAfter(_ head: HTTPResponseHead) -> Duration? {
        guard let text = head.headers.first(name: "Retry-After"), text.utf8.count <= 9, let seconds = UInt32(text)
        else { return nil }
        return .seconds(Int64(seconds))
    }

    /// How a chunk is encoded. A store may hold it compressed, so that this need not have been asked for; a label on a
    /// body that is as long as the chunk itself is wrong.
    private static func encoding(
        of head: HTTPResponseHead,
        chunkLength: Int
    ) throws(SourceError) -> ContentEncoding? {
        let named = labels(of: head)
        guard let first = named.first else { return nil }
        if head.headers.first(name: "Content-Length").flatMap({ Int($0) }) == chunkLength { return nil }
        guard named.count == 1 else { throw unknown(first) }
        switch first.lowercased() {
        case "gzip", "x-gzip": return .gzip
        case "deflate": return .deflate
        default: throw unknown(first)
        }
    }

    /// How a body comes whose encoding is known; nil is plain. A worker that compresses before it sends says how long that
    /// took, in `Server-Timing` (W3C Server Timing section 3).
    static func form(of head: HTTPResponseHead, _ encoding: ContentEncoding?) -> CompressionChoice.Form {
        guard encoding != nil else { return .plain }
        let metric = "\(ContentEncoding.timingMetric);dur="
        let times = head.headers[canonicalForm: "Server-Timing"].lazy
            .filter { $0.hasPrefix(metric) }.compactMap { UInt16($0.dropFirst(metric.count)) }
        return .compressed(in: .milliseconds(Int64(times.first ?? 0)))
    }

    /// The encodings that a head names. `aws-chunked` is how an upload was framed, and says nothing about what is stored.
    private static func labels(of head: HTTPResponseHead) -> [Substring] {
        head.headers[canonicalForm: "Content-Encoding"].filter {
            !["identity", "aws-chunked"].contains($0.lowercased())
        }
    }

    private static func unknown(_ label: Substring) -> SourceError {
        .protocolViolation("Content-Encoding \(label.prefix(32)), which was not asked for")
    }

    private static func checkLength(_ head: HTTPResponseHead, _ expected: Int) throws(SourceError) {
        guard let text = head.headers.first(name: "Content-Length") else { return }
        guard Int(text) == expected else {
            throw .protocolViolation("Content-Length \(text.prefix(20)) instead of \(expected)")
        }
    }

    /// RFC 9110 section 14.4: `bytes FIRST-LAST/COMPLETE`, in which COMPLETE is the file's length or `*`.
    private static func checkContentRange(
        _ head: HTTPResponseHead,
        _ first: Int64,
        _ last: Int64,
        _ fileSize: Int64
    ) throws(SourceError) {
        guard let text = head.headers.first(name: "Content-Range") else {
            throw .protocolViolation("206 without Content-Range")
        }
        let range = "bytes \(first)-\(last)/"
        let value = text.lowercased()
        guard value == "\(range)\(fileSize)" || value == "\(range)*" else {
            throw .protocolViolation("Content-Range \(text.prefix(48)) instead of \(range)\(fileSize)")
        }
    }
}
