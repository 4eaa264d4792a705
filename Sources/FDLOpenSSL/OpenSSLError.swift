/// A call of OpenSSL that failed: what was tried, and the last reason OpenSSL gave.
public struct OpenSSLError: Error, Sendable, Hashable, CustomStringConvertible {
    public let operation: String
    public let reason: String

    package init(operation: String, reason: String) {
        self.operation = operation
        self.reason = reason
    }

    public var description: String { reason.isEmpty ? "cannot \(operation)" : "cannot \(operation): \(reason)" }
}

/// Runs one call of OpenSSL through the error queue; nil is failure.
package func openSSL<Value: ~Copyable>(_ operation: String, _ call: () -> Value?) throws(OpenSSLError) -> Value {
    guard let value = ErrorQueue.clean(call) else {
        throw OpenSSLError(operation: operation, reason: ErrorQueue.drain().last?.text ?? "")
    }
    return value
}

/// The same for calls that answer 1 for success.
package func openSSL(_ operation: String, returnsOne call: () -> Int32) throws(OpenSSLError) {
    try openSSL(operation) { call() == 1 ? () : nil }
}
