import COpenSSL
import FDLSystem

/// OpenSSL's error queue belongs to the thread. Every call that may fail goes through here: the queue is empty before
/// it, and what it holds afterwards is that call's alone. Nothing may suspend between a call and its `drain()`.
package enum ErrorQueue {
    /// One entry of the queue.
    package struct Entry {
        /// `ERR_LIB_…`
        package let library: Int32
        /// `…_R_…`; an errno if the library is `ERR_LIB_SYS`.
        package let reason: Int32
        package let text: String
    }

    /// Runs `call` with an empty queue.
    // Inlinable: two of these go with each TLS record.
    @inlinable
    package static func clean<Result: ~Copyable, E>(_ call: () throws(E) -> Result) throws(E) -> Result {
        ERR_clear_error()
        return try call()
    }

    /// Takes all entries, the oldest (the cause) first.
    package static func drain() -> [Entry] {
        var entries: [Entry] = []
        while true {
            let code = ERR_get_error()
            if code == 0 { return entries }
            let (library, reason) = (ERR_GET_LIB(code), ERR_GET_REASON(code))
            let known = ERR_reason_error_string(code).map { String(cString: $0) }
            // OpenSSL 3 leaves it to the caller to put an errno into words.
            let text = known ?? (library == ERR_LIB_SYS ? SystemError.text(reason) : "OpenSSL error \(code)")
            entries.append(Entry(library: library, reason: reason, text: text))
        }
    }

    /// Takes all entries as one line of text.
    package static func drainText() -> String {
        let entries = drain()
        return entries.isEmpty ? "no reason given" : entries.map(\.text).joined(separator: ", ")
    }
}
