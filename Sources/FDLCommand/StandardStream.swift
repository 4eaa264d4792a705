import FDLSystem
import Glibc
import Synchronization

/// A standard stream, written to without a buffer: a killed process loses nothing of what it wrote.
package final class StandardStream: Sendable {
    package static let output = StandardStream(STDOUT_FILENO)
    package static let error = StandardStream(STDERR_FILENO)

    private struct State {
        let descriptor: Int32
        var failure: Int32?
    }

    private let state: Mutex<State>

    /// - Parameter descriptor: stays the caller's to close.
    init(_ descriptor: Int32) {
        state = Mutex(State(descriptor: descriptor))
    }

    /// Whether a person may be looking at it.
    package var isTerminal: Bool { state.withLock { isatty($0.descriptor) == 1 } }

    /// The errno of the first write that failed, or nil. EPIPE and EBADF do not count: a reader that has gone has read
    /// enough, and nobody expects output on a stream that was closed from the start.
    package var failure: Int32? { state.withLock { $0.failure } }

    /// Writes all of the text, with no other thread's text in between.
    ///
    /// A write that fails is no reason to stop the work: nothing is thrown, and `failure` is looked at at the end.
    package func write(_ text: String) {
        state.withLock { state in
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(state.descriptor, $0.baseAddress, $0.count) }
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if count < 0, errno == EAGAIN {
                    waitUntilWritable(state.descriptor)
                } else if count == 0 || errno != EINTR {
                    if count < 0, errno != EPIPE, errno != EBADF, state.failure == nil { state.failure = errno }
                    return
                }
            }
        }
    }

    /// Writes the text and a newline.
    package func writeLine(_ text: String) { write(text + "\n") }
}
