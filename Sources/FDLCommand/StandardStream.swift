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
        /// Lines that stand below everything else on a terminal.
        var block: TerminalBlock?
        /// How wide the terminal was when they were drawn, in columns.
        var width = 0
        /// How often the process had been stopped and continued then.
        var continuations = 0

        /// Leaves the block where it is if the process has been stopped since: what is on the terminal now is the
        /// shell's.
        /// - Returns: whether it has been stopped.
        mutating func noteContinuation() -> Bool {
            guard continuations != Signals.continuations else { return false }
            continuations = Signals.continuations
            block = nil
            return true
        }
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
        // Both may be the same terminal.
        if self === Self.output { Self.error.wipe() }
        state.withLock { state in
            let wiping = Self.takeBlock(&state)
            Self.write(wiping + text, &state)
        }
    }

    private static func write(_ text: String, _ state: inout State) {
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

    // MARK: Lines that are drawn over

    /// Draws lines below everything else, over those that were drawn before. Whatever is written takes them away first.
    ///
    /// Does nothing if the terminal does not tell its size, or this process is in its background.
    /// - Parameter lines: what to draw in a terminal of so many columns and lines; none for nothing.
    func show(_ lines: (_ width: Int, _ height: Int) -> [String]) {
        state.withLock { state in
            guard !Terminal.isInBackground(state.descriptor), let size = Terminal.size(state.descriptor) else { return }
            let lines = lines(size.width, size.height)
            guard !lines.isEmpty else { return }
            let isContinued = state.noteContinuation()
            let drawing = TerminalBlock.drawing(
                lines,
                over: state.block,
                width: size.width,
                isResized: state.width != size.width
            )
            Self.write((isContinued ? "\r" : "") + drawing, &state)
            state.block = TerminalBlock(lines)
            state.width = size.width
        }
    }

    /// Takes away what `show` has drawn.
    func wipe() {
        state.withLock { state in
            let wiping = Self.takeBlock(&state)
            Self.write(wiping, &state)
        }
    }

    /// Takes away what `show` has drawn, if that needs no wait, and does what ends the process: nothing is drawn after it.
    func wipe(thenEnd end: () -> Never) -> Never {
        // Whoever holds the lock may be waiting for the terminal.
        _ = state.withLockIfAvailable { state in
            let wiping = Array(Self.takeBlock(&state).utf8)
            var asked = pollfd(fd: state.descriptor, events: Int16(POLLOUT), revents: 0)
            if !wiping.isEmpty, poll(&asked, 1, 0) == 1 { _ = Glibc.write(state.descriptor, wiping, wiping.count) }
            end()
        }
        end()
    }

    /// Stops the process, as Ctrl-Z does. What is drawn stays where it is, and a new block begins below when the process
    /// goes on.
    func suspend() {
        // Under the lock, so that nothing is drawn before it is known that the process was stopped. Whoever holds it may
        // be waiting for the terminal.
        let isStopped: Void? = state.withLockIfAvailable { _ in Signals.stop() }
        if isStopped == nil { Signals.stop() }
    }

    private static func takeBlock(_ state: inout State) -> String {
        _ = state.noteContinuation()
        guard let block = state.block.take() else { return "" }
        return block.erasing(width: Terminal.size(state.descriptor)?.width ?? 100_000)
    }

    /// Writes the text and a newline.
    package func writeLine(_ text: String) { write(text + "\n") }
}
