import FoundationEssentials
import Glibc
import Synchronization

/// How a program ended, and all it said.
struct Ended: Sendable {
    let command: String
    /// The exit code; for a program ended by a signal, 128 and the signal's number, as a shell has it.
    let code: Int32
    /// The signal that ended it; nil where it exited.
    let signal: Int32?
    let output: [UInt8]
    let errors: String

    /// Standard output as text.
    var text: String { String(decoding: output, as: UTF8.self) }
}

/// A program that was started. Killed, with all it started, when its owner lets go of it.
///
/// What it says goes to files, not pipes: nobody has to read along, and nothing blocks.
final class RunningProgram: Sendable {
    let pid: pid_t
    let command: String
    private let said: TemporaryDirectory
    /// As `waitpid` gives it.
    private let status = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - input: what standard input reads; nothing unless told.
    ///   - directory: where the program runs.
    init(
        _ program: Program,
        _ arguments: [String],
        environment: [String: String],
        directory: String,
        input: String = "/dev/null"
    ) throws {
        said = try TemporaryDirectory()
        command = ([program.path.split(separator: "/").last.map(String.init) ?? ""] + arguments).joined(separator: " ")
        pid = try Self.spawn(
            // env(1) changes the directory and becomes the program.
            ["env", "-C", directory, program.path] + arguments,
            environment: environment.map { "\($0)=\($1)" },
            files: [input, said.path + "/out", said.path + "/err"]
        )
        Leftovers.add(group: pid)
    }

    deinit {
        kill(-pid, SIGKILL)
        if status.withLock({ $0 }) == nil { waitpid(pid, nil, 0) }
        Leftovers.remove(group: pid)
    }

    /// Starts a program at the head of its own process group.
    private static func spawn(
        _ command: [String],
        environment: [String],
        files: [String]
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, files[0], O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, files[1], O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, files[2], O_WRONLY | O_CREAT | O_APPEND, 0o600)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        )

        var pid: pid_t = 0
        let code = withCStrings(command) { arguments in
            withCStrings(environment) { variables in
                posix_spawnp(&pid, command[0], &actions, &attributes, arguments, variables)
            }
        }
        guard code == 0 else { throw HarnessError("cannot start \(command[0]): \(String(cString: strerror(code)))") }
        return pid
    }

    /// What it has written to standard output so far.
    var output: [UInt8] { Self.contents(said.path + "/out") }
    /// What it has written to standard error so far.
    var errors: String { String(decoding: Self.contents(said.path + "/err"), as: UTF8.self) }

    private static func contents(_ path: String) -> [UInt8] {
        FileManager.default.contents(atPath: path).map { [UInt8]($0) } ?? []
    }

    /// Sends a signal to the program alone.
    func signal(_ number: Int32) {
        status.withLock { if $0 == nil { kill(pid, number) } }
    }

    /// Ends it, and all it started, as a loss of power would.
    func kill9() async throws -> Ended {
        status.withLock { if $0 == nil { kill(-pid, SIGKILL) } }
        return try await wait()
    }

    /// Whether it has not ended yet.
    var isRunning: Bool { poll() == nil }

    private func poll() -> Int32? {
        status.withLock { status in
            if let status { return status }
            var raw: Int32 = 0
            guard waitpid(pid, &raw, WNOHANG) == pid else { return nil }
            status = raw
            return raw
        }
    }

    /// Waits for its end.
    /// - Throws: where it has not ended after so long that something is wrong; no test's outcome hangs on how long.
    func wait(atMost limit: Duration = .seconds(300)) async throws -> Ended {
        let status = try await eventually("\(command) ends", atMost: limit) { self.poll() }
        let signal = status & 0x7f
        return Ended(
            command: command,
            code: signal == 0 ? (status >> 8) & 0xff : 128 + signal,
            signal: signal == 0 ? nil : signal,
            output: output,
            errors: errors
        )
    }

    /// Waits until `condition` gives a value, and fails loudly where the program ends before.
    func until<Value: Sendable>(_ what: String, _ condition: () throws -> Value?) async throws -> Value {
        try await eventually("\(command): \(what)") {
            let ended = self.poll()
            if let value = try condition() { return value }
            if let ended {
                throw HarnessError("\(self.command) ended with \(ended) before \(what)\n\(self.errors)")
            }
            return nil
        }
    }
}

/// Waits until `condition` gives a value.
/// - Throws: `HarnessError` after `limit`, which only a hang reaches.
func eventually<Value: Sendable>(
    _ what: String,
    atMost limit: Duration = .seconds(120),
    _ condition: () throws -> Value?
) async throws -> Value {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: limit)
    while true {
        if let value = try condition() { return value }
        guard clock.now < deadline else { throw HarnessError("not after \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(3))
    }
}
