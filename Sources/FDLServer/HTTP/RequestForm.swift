import NIOHTTP1

/// Whether a request's head is one that this server can take at all, whatever it asks for.
enum RequestForm {
    /// The methods of RFC 9110 section 9 and RFC 5789. Others are unknown here.
    private static let methods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    ]

    /// - Returns: the status by which the request is refused; nil if nothing is wrong with its form. After a refusal
    ///   the connection ends: where the next request begins is not certain.
    static func fault(of head: HTTPRequestHead, _ fields: RequestFields) -> HTTPResponseStatus? {
        // RFC 9110 section 15.6.6.
        guard head.version.major == 1 else { return .httpVersionNotSupported }
        // RFC 9112 section 3.2: one Host, which HTTP/1.0 need not have.
        guard !fields.has(.severalHosts), fields.host.map(HostField.isValid) ?? !head.version.isAtLeast11 else {
            return .badRequest
        }
        if fields.has(.transferEncoding), let fault = transferFault(of: head) { return fault }
        if head.method == .GET || head.method == .HEAD { return nil }
        return methods.contains(head.method.rawValue) ? nil : .notImplemented
    }

    /// RFC 9112 sections 6.1 and 6.3.
    private static func transferFault(of head: HTTPRequestHead) -> HTTPResponseStatus? {
        let fields = head.headers["transfer-encoding"]
        if fields.isEmpty { return nil }
        guard head.version.isAtLeast11, !head.headers.contains(name: "content-length") else { return .badRequest }
        let codings = fields.flatMap { $0.split(separator: ",") }.map { $0.trimmingBlanks().lowercased() }
            .filter { !$0.isEmpty }
        guard codings.allSatisfy({ $0 == "chunked" }) else { return .notImplemented }
        return codings.count == 1 ? nil : .badRequest
    }

    /// The status for what could not be parsed.
    static func status(for error: HTTPParserError) -> HTTPResponseStatus {
        switch error {
        case .headerOverflow: .requestHeaderFieldsTooLarge
        case .invalidMethod: .notImplemented
        case .invalidVersion: .httpVersionNotSupported
        default: .badRequest
        }
    }

    /// Whether an answer with this status says that the connection cannot go on.
    static func endsConnection(_ status: HTTPResponseStatus) -> Bool {
        switch status {
        case .badRequest, .notImplemented, .httpVersionNotSupported: true
        default: false
        }
    }
}
