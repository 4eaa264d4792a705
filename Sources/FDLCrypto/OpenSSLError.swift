import COpenSSL

/// A call of OpenSSL that failed: what was tried, and the last reason OpenSSL gave.
public struct OpenSSLError: Error, Sendable, Hashable, CustomStringConvertible {
    public let operation: String
    public let reason: String

    public var description: String { reason.isEmpty ? "cannot \(operation)" : "cannot \(operation): \(reason)" }
}

/// Runs one call of OpenSSL between two empty error queues: it is told by its own errors, and leaves none behind for
/// whoever uses the thread next. nil is failure.
func openSSL<Value: ~Copyable>(_ operation: String, _ call: () -> Value?) throws(OpenSSLError) -> Value {
    ERR_clear_error()
    let value = call()
    guard let value else {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        let reason = ERR_reason_error_string(code).map { String(cString: $0) } ?? ""
        throw OpenSSLError(operation: operation, reason: reason)
    }
    ERR_clear_error()
    return value
}

/// The same for calls that answer 1 for success.
func openSSL(_ operation: String, returnsOne call: () -> Int32) throws(OpenSSLError) {
    try openSSL(operation) { call() == 1 ? () : nil }
}
