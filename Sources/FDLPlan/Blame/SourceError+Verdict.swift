package import FDLCore

// What follows for a source from what it did wrong: how a 403, a 503, a cut connection or a wrong certificate is judged.
extension SourceError {
    /// Whether the error will not pass within a job. A 403 is about one chunk, until there are too many (`Refusals`).
    var isFinal: Bool {
        switch cause {
        case .tls, .forbidden: true
        case .proxy(let fault): fault.isFinal
        case .token(let fault): fault.isFinal
        default: false
        }
    }

    /// Whether nothing more can be received on the connection after this error.
    var breaksConnection: Bool {
        switch self {
        case .unreachable, .tls, .timeout, .closedEarly, .webPage, .protocolViolation, .undecodable, .proxy: true
        // What was led elsewhere broke nothing here.
        case .lacking, .status, .corrupt, .forbidden, .redirects, .led, .token: false
        }
    }

    /// Whether servers answer so to what exceeds a limit on connections or on requests.
    var isOfRationing: Bool {
        switch cause {
        case .status(429, _), .status(503, _), .forbidden(403): true
        default: false
        }
    }

    /// Whether the connection came to its end, for whatever reason.
    var isOfClosing: Bool { if case .closedEarly = self { true } else { false } }

    /// Whether it is a well-formed "no" rather than a breakdown.
    package var isRefusal: Bool {
        switch self {
        case .lacking, .forbidden, .protocolViolation, .redirects: true
        default: false
        }
    }
}
