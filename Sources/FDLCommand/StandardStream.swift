import FDLSystem
import Glibc
import Synchronization

/// A standard stream, written to at once, without a buffer that a killed process would take along.
package final class StandardStream: Sendable {
    package static let output = StandardStream(STDOUT_FILENO)
    package static let error = StandardStream(STDERR_FILENO)

    private let descriptor: Mutex<Int32>

    /// - Parameter descriptor: stays the caller's to close.
    init(_ descriptor: Int32) {
        self.descriptor = Mutex(descriptor)
    }

    /// Whether a person may be looking at it.
    package var isTerminal: Bool { descriptor.withLock { isatty($0) == 1 } }

    /// Writes all of the text, with nothing of another thread's in between.
    ///
    /// A reader that is gone is no reason to stop the work, and there is nobody else to tell: nothing is thrown.
    package func write(_ text: String) {
        descriptor.withLock { descriptor in
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if count < 0, errno == EAGAIN {
                    waitUntilWritable(descriptor)
                } else if count == 0 || errno != EINTR {
                    return
                }
            }
        }
    }

    /// Writes the text and a newline.
    package func writeLine(_ text: String) { write(text + "\n") }
}
