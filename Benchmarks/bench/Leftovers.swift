import FDLSystem
import Glibc
import Synchronization

/// What has to be gone when it is over, however it ends short of a crash: processes, and the working directory.
enum Leftovers {
    private struct State {
        /// Each is the head of a process group of its own, and not reaped.
        var processes: Set<pid_t> = []
        var directory: String?
        var isOver = false
    }

    private static let state = Mutex(State())

    /// From now on a signal that asks for the end has it come at once, and nothing is left.
    static func watch() {
        // A reader of our output that has gone shows as EPIPE: not as a signal that kills us before we have cleaned up.
        Signals.ignore(SIGPIPE)
        Signals.take([SIGINT, SIGTERM, SIGHUP]) { signal in
            clear()
            Signals.end(by: signal)
        }
    }

    static func remember(directory: String) { state.withLock { $0.directory = directory } }

    static func keepDirectory() { state.withLock { $0.directory = nil } }

    /// Starts a process, so that none is ever running of which nothing is known here.
    static func start(_ spawn: () throws -> pid_t) throws -> pid_t {
        let process = try state.withLock { state -> pid_t? in
            if state.isOver { return nil }
            let process = try spawn()
            state.processes.insert(process)
            return process
        }
        guard let process else { end() }
        return process
    }

    /// What has become of a process that has ended, which until now had its id for itself.
    static func reap(_ process: pid_t) -> (status: Int32, usage: rusage) {
        let reaped = state.withLock { state -> (Int32, rusage)? in
            if state.isOver { return nil }
            var (status, usage) = (Int32(0), rusage())
            while wait4(process, &status, 0, &usage) < 0, errno == EINTR {}
            state.processes.remove(process)
            return (status, usage)
        }
        guard let reaped else { end() }
        return reaped
    }

    /// Ends what is running and removes the working directory. From here on nothing is started, and whoever comes second
    /// says nothing any more.
    static func clear() {
        let isFirst = state.withLock { state in
            if state.isOver { return false }
            state.isOver = true
            for process in state.processes { kill(process, SIGTERM) }
            for process in state.processes {
                finish(process)
                while waitpid(process, nil, 0) < 0, errno == EINTR {}
            }
            state.processes = []
            guard let directory = state.directory else { return true }
            // Under another name, since another thread may still be writing, and must not put anything back.
            let removed = directory + ".removed"
            rename(directory, removed)
            var remover = pid_t()
            withCStrings(["rm", "-rf", "--", directory, removed]) { arguments in
                if posix_spawnp(&remover, "rm", nil, nil, arguments, environ) == 0 { waitpid(remover, nil, 0) }
            }
            return true
        }
        if !isFirst { end() }
    }

    /// Lets a process that was asked to end do so in its own way, for it may have others to see out, and ends what is
    /// left of its group. It is not reaped, so that its id still means nobody else.
    static func finish(_ process: pid_t) {
        for _ in 0..<500 {
            var information = siginfo_t()
            let code = waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT | WNOHANG)
            // Where none has ended, the kernel leaves the number at 0.
            if code == 0, information.si_signo != 0 { break }
            usleep(10_000)
        }
        kill(-process, SIGKILL)
    }

    /// Another thread is ending the process.
    private static func end() -> Never { while true { pause() } }
}

/// Lends `strings` to C as an array of strings that ends with a null pointer.
func withCStrings<Result>(
    _ strings: [String],
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) throws -> Result
) rethrows -> Result {
    var pointers = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return try body(&pointers)
}
