import FDLSystem
import Glibc
import Synchronization

/// A standard stream, written to at once, without a buffer that a killed process would take along.
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

    /// The first errno that a write ended with; nil if all has been written, or nobody wants it: a reader that has gone
    /// has read enough, and what was closed from the start is not to be written to.
    package var failure: Int32? { state.withLock { $0.failure } }

    /// Writes all of the text, with nothing of another thread's in between.
    ///
    /// What cannot be written is no reason to stop the work: nothing is thrown, and `failure` tells at the end.
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
