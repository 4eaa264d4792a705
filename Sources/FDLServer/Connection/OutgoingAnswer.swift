import FDLCore
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
    private let method: HTTPMethod
    private let target: String
    let status: HTTPResponseStatus

    /// - Parameter request: nil where what came was none.
    init(_ answer: Answer, sendsBody: Bool, closesConnection: Bool, request: HTTPRequestHead?) {
        self.closesConnection = closesConnection
        self.method = request?.method ?? .GET
        self.target = request?.uri ?? "(not a request)"
        self.status = answer.status
        switch answer.body {
        case .bytes(let buffer) where sendsBody && buffer.readableBytes > 0: rest = .bytes(buffer)
        case .slice(let slice) where sendsBody && slice.length > 0: rest = .file(slice)
        case .none, .bytes, .slice: rest = .none
        }
    }

    /// The request, for the log: without its query, which may hold a secret.
    var line: String {
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
        return withoutSecrets("\(method.rawValue) \(String(decoding: path, as: UTF8.self))")
    }
}

/// A request that waits for its turn.
enum PendingRequest {
    case request(HTTPRequestHead)
    /// The connection ends with this.
    case refusal(HTTPResponseStatus)
}
