import FDLCore
import FDLSystem
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

extension SourceError {
    /// Translates an error of a channel, or of the attempt to connect one.
    init(connectionError error: any Error) {
        switch error {
        case let error as SourceError: self = error
        case let error as TLSError: self.init(error)
        // The parser reports a connection that ends within a response: it is cut, not malformed.
        case HTTPParserError.invalidEOFState: self = .closedEarly("before the answer was complete")
        case let error as HTTPParserError: self = .protocolViolation("malformed HTTP (\(error))")
        case let error as NIOConnectionError: self.init(error)
        case let error as IOError: self = .closedEarly(SystemError.text(error.errnoCode))
        case ChannelError.connectTimeout: self = .timeout("connecting")
        default: self = .closedEarly("\(error)")
        }
    }

    private init(_ error: TLSError) {
        switch error {
        case .truncated: self = .closedEarly("the connection was cut (no close_notify)")
        case .closedDuringHandshake: self = .closedEarly("during the TLS handshake")
        case .handshakeTimeout: self = .timeout("the TLS handshake")
        default: self = .tls(error)
        }
    }

    /// A host name may have many addresses: the error of the first one stands for all.
    private init(_ error: NIOConnectionError) {
        if let attempt = error.connectionErrors.first {
            self.init(connectingError: attempt.error)
        } else {
            self = .unreachable(.noAddress(host: error.host))
        }
    }

    /// Translates an error of the attempt to connect to one address.
    init(connectingError error: any Error) {
        switch error {
        case let error as IOError where error.errnoCode == ECONNREFUSED: self = .unreachable(.refused)
        case let error as IOError: self = .unreachable(.other(SystemError.text(error.errnoCode)))
        case ChannelError.connectTimeout: self = .timeout("connecting")
        default: self = .unreachable(.other("\(error)"))
        }
    }
}
