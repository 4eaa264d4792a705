import FDLCore
import NIOHTTP1

/// One answer on its way out: what is left of it.
struct OutgoingAnswer {
    var rest: Answer.Body
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
        self.rest = sendsBody && answer.body.length > 0 ? answer.body : .none
    }

    /// The request, for the log: without its query, which may hold a secret.
    var line: String {
        let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
        return withoutSecrets("\(method.rawValue) \(String(decoding: path, as: UTF8.self))")
    }
}
