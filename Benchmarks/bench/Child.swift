import FDLSystem
import Glibc

/// A program that was started. What it says goes to a file: nobody has to read along, and nothing blocks.
struct Child {
    /// How a program ended, and what it took, the children it waited for included.
    struct Ended {
        /// The exit code; for one ended by a signal, 128 and the signal's number.
        let code: Int32
        /// Seconds.
        let wall: Double
        let cpu: Double
        /// Resident at its peak. Never less than the peak of whoever started it, since exec(2) keeps that: nothing
        /// large may be held here.
        let kibibytes: Int
    }

    let pid: pid_t
    private let began: Double

    /// - Parameters:
    ///   - output: the file that gets what it says.
    ///   - input: what standard input reads; nothing unless told.
    init(_ command: [String], environment: [String], output: String, input: Int32? = nil) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(
            &actions,
            STDOUT_FILENO,
            output,
            O_WRONLY | O_CREAT | O_TRUNC | O_APPEND,
            0o600
        )
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        )

        began = Self.now()
        pid = try withCStrings(command) { arguments in
            try withCStrings(environment) { variables in
                try Leftovers.start {
                    var pid = pid_t()
                    let code = posix_spawnp(&pid, command[0], &actions, &attributes, arguments, variables)
                    guard code == 0 else { throw SystemError(operation: .other("start"), path: command[0], code: code) }
                    return pid
                }
            }
        }
    }

    func wait() -> Ended {
        // Not reaped yet: until that is known elsewhere, its id must mean nobody else.
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        let wall = Self.now() - began
        let (status, usage) = Leftovers.reap(pid)
        return Ended(
            code: status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f),
            wall: wall,
            cpu: Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime),
            kibibytes: usage.ru_maxrss
        )
    }

    /// Ends it, and all it started.
    func end() {
        kill(pid, SIGTERM)
        Leftovers.finish(pid)
        _ = wait()
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
