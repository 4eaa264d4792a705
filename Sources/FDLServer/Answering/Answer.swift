import FDLCompression
import FDLCore
import NIOCore
import NIOHTTP1

/// What is sent back for a request.
struct Answer: Sendable {
    enum Body: Sendable {
        case none
        case bytes(ByteBuffer)
        case slice(FileSlice)

        var length: Int64 {
            switch self {
            case .none: 0
            case .bytes(let buffer): Int64(buffer.readableBytes)
            case .slice(let slice): slice.length
            }
        }
    }

    var status: HTTPResponseStatus
    var headers: HTTPHeaders
    var body: Body

    init(_ status: HTTPResponseStatus, headers: HTTPHeaders = [:], body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
        // A 304 either states the length that a 200 would have, or none (RFC 9110 section 8.6).
        if status != .notModified { self.headers.add(name: "Content-Length", value: String(body.length)) }
    }

    /// Answers with a line of text for a person.
    init(_ status: HTTPResponseStatus, text: String, headers: HTTPHeaders = [:]) {
        var headers = headers
        headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        self.init(status, headers: headers, body: .bytes(ByteBuffer(string: text + "\n")))
    }

    static func refusal(_ status: HTTPResponseStatus) -> Answer {
        // What is not there now may be published at any time: no cache may go on saying that it is not.
        let headers: HTTPHeaders = status == .notFound ? ["Cache-Control": "no-store"] : [:]
        return Answer(status, text: "\(status.code) \(status.reasonPhrase)", headers: headers)
    }
}

extension Answer {
    /// What is asked for may be here, and this machine cannot open it now: no reader is to take that for "not here".
    static var unavailable: Answer {
        Answer(
            .serviceUnavailable,
            text: "503 Service Unavailable",
            headers: ["Retry-After": "2", "Cache-Control": "no-store"]
        )
    }
}

/// What the responder decides: an answer, or first some work that must not happen on an event loop.
enum Decision: Sendable {
    case answer(Answer)
    /// Compress the chunk; `plain` is the answer if it does not shrink.
    case compress(CompressibleChunk, plain: Answer)
    /// Look at the tree again (`Responder.lookAgain`), then decide once more: it may have what the catalog lacks.
    case lookAgain
    /// Find out whether the file is a private key (`Responder.inspect`), then decide once more.
    case inspect(ServedFile)
}

/// A chunk that the client accepts compressed.
struct CompressibleChunk: Sendable {
    let digest: SHA256Digest
    let slice: FileSlice
    let encoding: ContentEncoding
}
