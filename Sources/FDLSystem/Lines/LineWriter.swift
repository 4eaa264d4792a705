import Glibc
import Synchronization

/// Writes lines to a stream or a file without ever making the caller wait.
///
/// A thread of its own does the writing. If it does not get on, because nobody reads the pipe or the disk is stuck,
/// lines wait up to a bound; those beyond it are dropped, and their number is written where they are missing.
package final class LineWriter: Sendable {
    private struct State {
        var backlog: LineBacklog
        var descriptor: Int32
        /// Whether `descriptor` is this writer's to close.
        let owns: Bool
        /// Whether the thread has something in its hands, or has been told that there is something.
        var isBusy = false
        var hasThread: Bool?
    }

    private let path: String?
    private let notice: (@Sendable (_ dropped: Int) -> String?)?
    private let state: Mutex<State>
    private let wake: Semaphore

    /// The bytes that may wait unless told otherwise.
    package static let standardCapacity = 1 << 20

    /// Writes to a stream that is open.
    /// - Parameters:
    ///   - descriptor: stays the caller's to close.
    ///   - capacity: the bytes that may wait to be written.
    ///   - notice: called where lines were dropped; makes the line that stands for them, or nil to write none.
    package init(
        _ descriptor: Int32,
        capacity: Int = LineWriter.standardCapacity,
        notice: (@Sendable (_ dropped: Int) -> String?)? = nil
    ) {
        path = nil
        self.notice = notice
        wake = Semaphore()
        state = Mutex(State(backlog: LineBacklog(capacity: capacity), descriptor: descriptor, owns: false))
    }

    /// Appends to a file, which is made if it is not there, readable for its owner and group.
    /// - Throws: `SystemError` if it cannot be opened.
    package init(
        appendingTo path: String,
        capacity: Int = LineWriter.standardCapacity,
        notice: (@Sendable (_ dropped: Int) -> String?)? = nil
    ) throws(SystemError) {
        self.path = path
        self.notice = notice
        wake = Semaphore()
        let descriptor = try Self.open(path)
        state = Mutex(State(backlog: LineBacklog(capacity: capacity), descriptor: descriptor, owns: true))
    }

    private static func open(_ path: String) throws(SystemError) -> Int32 {
        try check(.open, path: path) {
            Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o640)
        }
    }

    /// Takes a line, without its newline. Never waits.
    package func write(_ line: String) {
        let mustWake = state.withLock { state in
            state.backlog.add(line)
            if state.hasThread == nil { state.hasThread = startThread { [self] in run() } }
            guard state.hasThread == true, !state.isBusy else { return false }
            state.isBusy = true
            return true
        }
        if mustWake { wake.signal() }
    }

    /// Opens the file at the path again: whoever rotates logs has renamed it. For a stream this does nothing.
    /// - Throws: `SystemError`; then what is open stays in use.
    package func reopen() throws(SystemError) {
        guard let path else { return }
        let opened = try Self.open(path)
        // The number stays the same, so that a write under way goes to the old file or to the new one, and nowhere else.
        let (replaced, code) = state.withLock { state in
            let replaced = dup2(opened, state.descriptor)
            let code = errno
            _ = fcntl(state.descriptor, F_SETFD, FD_CLOEXEC)
            return (replaced, code)
        }
        close(opened)
        if replaced < 0 { throw SystemError(operation: .open, path: path, code: code) }
    }

    /// Waits until all that was taken is written, for `limit` at most.
    package func flush(within limit: Duration) {
        let deadline = ContinuousClock.now.advanced(by: limit)
        while state.withLock({ $0.isBusy }), ContinuousClock.now < deadline { usleep(1000) }
    }

    deinit { state.withLock { if $0.owns { _ = close($0.descriptor) } } }

    private func run() {
        while true {
            wake.wait()
            while true {
                let (bytes, dropped, descriptor) = state.withLock { state in
                    if state.backlog.isEmpty { state.isBusy = false }
                    let (bytes, dropped) = state.backlog.take()
                    return (bytes, dropped, state.descriptor)
                }
                guard !bytes.isEmpty || dropped > 0 else { break }
                let missing = dropped > 0 ? notice.flatMap { $0(dropped) }.map { Array(($0 + "\n").utf8) } ?? [] : []
                guard write(bytes + missing, to: descriptor) else {
                    // It cannot be said where it cannot be written: it is said once it can.
                    let lines = bytes.count { $0 == UInt8(ascii: "\n") }
                    state.withLock { state in
                        state.isBusy = false
                        state.backlog.lose(lines + dropped)
                    }
                    break
                }
            }
        }
    }

    /// - Returns: false if it cannot be written.
    private func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count < 0, errno == EAGAIN {
                waitUntilWritable(descriptor)
            } else if count == 0 || errno != EINTR {
                return false
            }
        }
        return true
    }
}

/// A counting semaphore, for a thread of ours.
private final class Semaphore: @unchecked Sendable {
    // A sem_t may be used by any thread, and does not move.
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() { sem_post(semaphore) }

    func wait() { while sem_wait(semaphore) == -1 {} }
}
