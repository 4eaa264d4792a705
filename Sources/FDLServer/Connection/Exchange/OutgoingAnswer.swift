import FDLCore
import NIOCore
import NIOHTTP1

/// An answer that is being sent, and what is left of its body.
struct OutgoingAnswer {
    var rest: Answer.Body
    let closesConnection: Bool
    /// Nil if what came could not be parsed, or was refused before it was looked at.
    let request: HTTPRequestHead?
    let status: HTTPResponseStatus
    /// When the request was taken up.
    let started: NIODeadline
    /// The length of the whole body that is to be sent.
    private let length: Int64

    init(
        _ answer: Answer,
        sendsBody: Bool,
        closesConnection: Bool,
        _ request: HTTPRequestHead?,
        _ started: NIODeadline
    ) {
        self.closesConnection = closesConnection
        self.request = request
        self.status = answer.status
        self.started = started
        self.rest = sendsBody && answer.body.length > 0 ? answer.body : .none
        self.length = rest.length
    }

    /// What was asked for, as it was sent.
    var target: String? { request?.uri }

    /// How much of the body has been handed on.
    var sentBytes: Int64 { length - rest.length }

    /// The request, for the log: without its query, which may hold a secret.
    var line: String {
        guard let request else { return "(not a request)" }
        let path = request.uri.utf8.prefix { $0 != UInt8(ascii: "?") }
        return withoutSecrets("\(request.method.rawValue) \(String(decoding: path, as: UTF8.self))")
    }
}
