import NIOCore
import NIOHTTP1

/// One answer on its way out: what is left of it.
struct Exchange {
    enum Rest {
        case none
        case bytes(ByteBuffer)
        case file(FileSlice)
    }

    var rest: Rest
    let closesConnection: Bool
    /// For the log.
    let line: String
    let status: HTTPResponseStatus

    init(_ answer: Answer, sendsBody: Bool, closesConnection: Bool, line: String) {
        self.closesConnection = closesConnection
        self.line = line
        self.status = answer.status
        switch answer.body {
        case .bytes(let buffer) where sendsBody && buffer.readableBytes > 0: rest = .bytes(buffer)
        case .slice(let slice) where sendsBody && slice.length > 0: rest = .file(slice)
        case .none, .bytes, .slice: rest = .none
        }
    }
}

/// A request that waits for its turn.
enum PendingRequest {
    case request(HTTPRequestHead)
    /// The connection ends with this.
    case refusal(HTTPResponseStatus)
}
