import FoundationEssentials
package import Glibc
import Synchronization

/// How a program ended, and all it said.
package struct Ended: Sendable {
    package let command: String
    /// The exit code; for a program ended by a signal, 128 and the signal's number, as a shell has it.
    package let code: Int32
    /// The signal that ended it; nil where it exited.
    package let signal: Int32?
    package let output: [UInt8]
    package let errors: String

    /// Standard output as text.
    package var text: String { String(decoding: output, as: UTF8.self) }

    /// Itself.
    /// - Throws: `HarnessError`, with all it said, if it did not exit with 0.
    @discardableResult
    package func succeeded() throws -> Ended {
        guard code == 0 else { throw HarnessError("\(command) ended with \(code)\n\(errors)\n\(text)") }
        return self
    }
}

/// A program that was started. Killed, with all it started, when its owner lets go of it.
///
/// What it says goes to files, not pipes: nobody has to read along, and nothing blocks.
package final class RunningProgram: Sendable {
    /// What a program reads on standard input.
    package enum Input: Sendable {
        case nothing
        case file(String)
        /// What `write` is given, until `closeInput`.
        case written
    }

    package let pid: pid_t
    package let command: String
    private let said: TemporaryFolder
    /// As `waitpid` gives it.
    private let status = Mutex<Int32?>(nil)
    /// Our end of a written input.
    private let writing: Mutex<Int32?>

    /// - Parameters:
    ///   - path: of the program, or its name, which is looked up on the path.
    ///   - directory: where the program runs.
    package init(
        _ path: String,
        _ arguments: [String],
        environment: [String: String] = ProcessInfo.processInfo.environment,
        directory: String,
        input: Input = .nothing
    ) throws {
        said = try TemporaryFolder()
        command = ([path.split(separator: "/").last.map(String.init) ?? ""] + arguments).joined(separator: " ")
        let (file, ours) = try Self.open(input, in: said)
        writing = Mutex(ours)
        // A crash must end the program at once: the backtracer would keep its output open.
        let environment = environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        pid = try Self.spawn(
            // env(1) changes the directory and becomes the program.
            ["env", "-C", directory, path] + arguments,
            environment: environment.map { "\($0)=\($1)" },
            files: [file, said.path + "/out", said.path + "/err"]
        )
        Leftovers.add(group: pid)
    }

    deinit {
        closeInput()
        kill(-pid, SIGKILL)
        if status.withLock({ $0 }) == nil { waitpid(pid, nil, 0) }
        Leftovers.remove(group: pid)
    }

    /// Runs a program to its end.
    /// - Throws: `HarnessError` where it does not exit with 0.
    @discardableResult
    package static func run(
        _ path: String,
        _ arguments: [String],
        environment: [String: String] = ProcessInfo.processInfo.environment,
        directory: String,
        input: Input = .nothing
    ) async throws -> Ended {
        let program = try RunningProgram(
            path,
            arguments,
            environment: environment,
            directory: directory,
            input: input
        )
        return try await program.wait().succeeded()
    }

    /// - Returns: the file that the program reads, and our end of it where it is written to.
    private static func open(_ input: Input, in folder: TemporaryFolder) throws -> (file: String, ours: Int32?) {
        switch input {
        case .nothing: return ("/dev/null", nil)
        case .file(let path): return (path, nil)
        case .written:
            let path = folder.path + "/in"
            guard mkfifo(path, 0o600) == 0 else { throw HarnessError("cannot make \(path): errno \(errno)") }
            // For reading too, so that neither this nor the program's opening of it waits for the other.
            let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else { throw HarnessError("cannot open \(path): errno \(errno)") }
            return (path, descriptor)
        }
    }

    /// Writes to standard input, which has to be `.written`.
    package func write(_ text: String) throws {
        let bytes = Array(text.utf8)
        let written = writing.withLock { descriptor in descriptor.map { Glibc.write($0, bytes, bytes.count) } }
        guard written == bytes.count else { throw HarnessError("cannot write to \(command): errno \(errno)") }
    }

    /// What was written is all.
    package func closeInput() {
        writing.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
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
    package var output: [UInt8] { Self.contents(said.path + "/out") }
    /// What it has written to standard error so far.
    package var errors: String { String(decoding: Self.contents(said.path + "/err"), as: UTF8.self) }

    private static func contents(_ path: String) -> [UInt8] {
        FileManager.default.contents(atPath: path).map { [UInt8]($0) } ?? []
    }

    /// Sends a signal to the program alone.
    package func signal(_ number: Int32) {
        status.withLock { if $0 == nil { kill(pid, number) } }
    }

    /// Ends it, and all it started, as a loss of power would.
    package func kill9() async throws -> Ended {
        status.withLock { if $0 == nil { kill(-pid, SIGKILL) } }
        return try await wait()
    }

    /// Whether it has not ended yet.
    package var isRunning: Bool { poll() == nil }

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
    package func wait(atMost limit: Duration = .seconds(300)) async throws -> Ended {
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
    package func until<Value: Sendable>(_ what: String, _ condition: () throws -> Value?) async throws -> Value {
        try await eventually("\(command): \(what)") {
            let ended = self.poll()
            if let value = try condition() { return value }
            if let ended {
                throw HarnessError("\(self.command) ended with \(ended) before \(what)\n\(self.errors)")
            }
            return nil
        }
    }

    /// Waits until it has said so on standard error: a worker's log has a thread of its own.
    package func says(_ text: String) async throws {
        try await until("it says \(text)") { errors.contains(text) ? () : nil }
    }
}

/// Waits until `condition` gives a value.
/// - Throws: `HarnessError` after `limit`, which only a hang reaches.
package func eventually<Value: Sendable>(
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
