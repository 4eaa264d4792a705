public import FDLCore

/// One request and what came of it, for a log of accesses.
public struct AccessRecord: Sendable {
    /// Who asked.
    public struct Client: Sendable, Hashable {
        /// Without its port; an IPv4 address as such, also if it came in over IPv6.
        public let address: String
        /// The subject of the client's certificate (RFC 4514); nil if it has shown none.
        public let subject: String?
        /// `TLSv1.2` or `TLSv1.3`.
        public let tlsVersion: String?
    }

    /// What was asked for. No query is in it: that may hold a secret.
    public struct Request: Sendable, Hashable {
        public let method: String
        /// As it was sent, percent-encoded, up to the query.
        public let path: String
        public let version: String
        public let userAgent: String?
        /// Up to the query.
        public let referer: String?
    }

    /// When the request was taken up.
    public let time: UTCTime
    public let client: Client
    /// Nil if what came could not be read as a request.
    public let request: Request?
    public let status: Int
    /// Of the body, as it was sent: compressed bytes count as such.
    public let bytes: Int64
    /// From the request to its answer's last byte.
    public let duration: Duration
    /// Whether all of the answer has left this process.
    public let isComplete: Bool
}

/// How an access is written in a log: a line each.
public enum AccessLogFormat: String, Sendable, CaseIterable {
    /// The combined format of Apache and nginx, then the seconds that it took and the version of TLS.
    case combined
    /// A JSON object.
    case json

    /// The line of a record, without its newline.
    public func line(_ record: AccessRecord) -> String {
        switch self {
        case .combined: combined(record)
        case .json: json(record)
        }
    }

    private func combined(_ record: AccessRecord) -> String {
        let request = record.request.map { "\($0.method) \($0.path) \($0.version)" } ?? "-"
        let user = record.client.subject.map { Self.escaped($0, alsoBlanks: true) } ?? "-"
        let fields = [
            record.client.address, "-", user, "[\(Self.date(record.time))]", "\"\(Self.escaped(request))\"",
            "\(record.status)", "\(record.bytes)", "\"\(Self.escaped(record.request?.referer ?? "-"))\"",
            "\"\(Self.escaped(record.request?.userAgent ?? "-"))\"", Self.seconds(record.duration),
            record.client.tlsVersion ?? "-",
        ]
        return fields.joined(separator: " ")
    }

    private func json(_ record: AccessRecord) -> String {
        var fields = [
            ("time", JSONText.quoted("\(record.time)")), ("client", JSONText.quoted(record.client.address)),
        ]
        let texts: [(String, String?)] = [
            ("subject", record.client.subject), ("tls", record.client.tlsVersion), ("method", record.request?.method),
            ("path", record.request?.path), ("version", record.request?.version),
            ("referer", record.request?.referer), ("userAgent", record.request?.userAgent),
        ]
        for (name, text) in texts { if let text { fields.append((name, JSONText.quoted(text))) } }
        fields += [
            ("status", "\(record.status)"), ("bytes", "\(record.bytes)"), ("seconds", Self.seconds(record.duration)),
            ("complete", "\(record.isComplete)"),
        ]
        return "{" + fields.map { "\(JSONText.quoted($0.0)):\($0.1)" }.joined(separator: ",") + "}"
    }

    /// `29/Nov/2026:16:40:00 +0000`
    static func date(_ time: UTCTime) -> String {
        let text = Array("\(time)".utf8)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func part(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
        let month = Int(part(5..<7)).map { months[$0 - 1] } ?? "Jan"
        return "\(part(8..<10))/\(month)/\(part(0..<4)):\(part(11..<19)) +0000"
    }

    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = Int64(duration / .milliseconds(1))
        return "\(milliseconds / 1000)." + String(1000 + milliseconds % 1000).dropFirst()
    }

    /// As nginx does: what could end the field or the line, and all bytes outside ASCII, as `\xHH`.
    private static func escaped(_ text: String, alsoBlanks: Bool = false) -> String {
        var result = ""
        for byte in text.utf8 {
            let isPlain = (0x20...0x7e).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            if isPlain, !alsoBlanks || byte != 0x20 {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "\\x" + Hex.string([byte]).uppercased()
            }
        }
        return result
    }
}
