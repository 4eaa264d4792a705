import FDLCore
import NIOHTTP1

/// An answer that is being sent, and what is left of its body.
struct OutgoingAnswer {
    var rest: Answer.Body
    let closesConnection: Bool
    private let method: HTTPMethod
    private let target: String
    let status: HTTPResponseStatus

    /// - Parameter request: nil if what came could not be parsed, or was refused before it was looked at.
    init(_ answer: Answer, sendsBody: Bool, closesConnection: Bool, _ request: HTTPRequestHead?) {
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
