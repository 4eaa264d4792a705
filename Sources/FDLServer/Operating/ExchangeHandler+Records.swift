import FDLCore
import FDLSystem
import FDLTLS
import NIOCore
import NIOHTTP1

extension ExchangeHandler {
    /// Who the peer is, for the log of accesses; nil if there is none.
    var accessClient: AccessRecord.Client? {
        guard services.accessLog != nil else { return nil }
        let address = client.map { "\($0.address)" } ?? context?.channel.remoteAddress?.ipAddress ?? "unknown"
        let prefix = "::ffff:"
        let isMapped = address.hasPrefix(prefix) && address.contains(".")
        return AccessRecord.Client(
            address: isMapped ? String(address.dropFirst(prefix.count)) : address,
            subject: peerIdentity?.peerSubject,
            tlsVersion: peerIdentity?.version.rawValue
        )
    }

    /// Counts an answer of which the rest is not sent any more.
    func recordUnfinished() {
        if let answer = state.unfinished { record(answer, of: accessClient, isComplete: false) }
    }

    /// Counts an answer and has it logged.
    /// - Parameters:
    ///   - client: the peer when the answer was sent: by now the connection may have none.
    ///   - isComplete: whether all of it has left this process.
    func record(_ answer: OutgoingAnswer, of client: AccessRecord.Client?, isComplete: Bool) {
        let duration = Duration(.now() - answer.started)
        let route = Route(target: answer.target)
        services.metrics?.answered(route, status: answer.status, bytes: answer.sentBytes, duration)
        guard let log = services.accessLog, let client else { return }
        let seconds = UTCTime.now.secondsSince1970 - duration.components.seconds
        log(
            AccessRecord(
                time: UTCTime(secondsSince1970: seconds),
                client: client,
                request: answer.accessRequest,
                status: Int(answer.status.code),
                bytes: answer.sentBytes,
                duration: duration,
                isComplete: isComplete
            )
        )
    }
}

extension OutgoingAnswer {
    fileprivate var accessRequest: AccessRecord.Request? {
        guard let request else { return nil }
        func untilQuery(_ text: String) -> String {
            withoutSecrets(String(decoding: text.utf8.prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self))
        }
        return AccessRecord.Request(
            method: request.method.rawValue,
            path: untilQuery(request.uri),
            version: "HTTP/\(request.version.major).\(request.version.minor)",
            userAgent: request.headers.first(name: "user-agent").map { String($0.prefix(512)) },
            referer: request.headers.first(name: "referer").map { untilQuery(String($0.prefix(512))) }
        )
    }
}
