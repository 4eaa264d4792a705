import Glibc
import TestSupport

/// A program in a real terminal, which tmux is: its screen, its size and its keys.
final class TerminalSession: Sendable {
    private let scene: Scene
    private let server: RunningProgram
    private let socket: String

    private init(_ scene: Scene, _ server: RunningProgram, _ socket: String) {
        self.scene = scene
        self.server = server
        self.socket = socket
    }

    /// Starts a program in the person's home.
    /// - Parameter term: what the terminal says that it is.
    static func start(
        _ program: Program,
        _ arguments: [String],
        in scene: Scene,
        by person: Scene.Person = .reader,
        width: Int = 80,
        height: Int = 24,
        term: String = "screen",
        environment: [String: String] = [:]
    ) async throws -> TerminalSession {
        let socket = scene.path("tmux-\(UInt32.random(in: 0...UInt32.max))")
        try Files.write(Array("set -g remain-on-exit on\nset -g default-terminal \(term)\n".utf8), to: socket + ".conf")
        // In the foreground, so that it ends with the test.
        let server = try scene.start(.system("tmux"), ["-S", socket, "-f", socket + ".conf", "-D"], by: person)
        let session = TerminalSession(scene, server, socket)
        _ = try await server.until("it listens") { Files.exists(socket) ? true : nil }
        let home = scene.home(of: person)
        let variables = Program.environment(home: home).merging(environment) { $1 }.map { "\($0)=\($1)" }
        try await session.tmux(
            ["new-session", "-d", "-x", "\(width)", "-y", "\(height)", "-c", home, "sh", "-c"]
                + ["trap : INT; \"$@\"; echo $? >\"$0\"", session.codePath, "env"] + variables + [program.path]
                + arguments
        )
        return session
    }

    @discardableResult
    private func tmux(_ command: [String]) async throws -> String {
        try await scene.must(.system("tmux"), ["-S", socket] + command, by: .stranger).text
    }

    /// The lines of the screen, without blanks at their ends and empty lines at the bottom.
    var screen: [String] {
        get async throws {
            var lines = try await tmux(["capture-pane", "-p"]).split(separator: "\n", omittingEmptySubsequences: false)
                .map(String.init)
            while lines.last?.isEmpty == true { lines.removeLast() }
            return lines
        }
    }

    /// The lines that have left the screen at its top, and those on it.
    var history: [String] {
        get async throws {
            try await tmux(["capture-pane", "-p", "-S", "-"]).split(separator: "\n").map(String.init)
        }
    }

    /// Waits until the screen is as it should be.
    /// - Returns: the screen.
    @discardableResult
    func until(_ what: String, _ isSo: ([String]) -> Bool) async throws -> [String] {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(60)
        while true {
            let lines = try await screen
            if isSo(lines) { return lines }
            guard clock.now < deadline else { throw HarnessError("not: \(what)\n\(lines.joined(separator: "\n"))") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Resizes the terminal at a moment when all that the program has written is on the screen. What is on its way then
    /// would be drawn for one width and shown at another, and no program can know.
    func resize(width: Int, height: Int = 24) async throws {
        let pane = try await tmux(["display-message", "-p", "#{pane_pid} #{pane_tty}"])
        let words = pane.split(whereSeparator: \.isWhitespace)
        let (shell, tty) = (words[0], String(words[1]))
        let children = String(decoding: try Files.read("/proc/\(shell)/task/\(shell)/children"), as: UTF8.self)
        let programs = children.split(separator: " ").compactMap { Int32($0) }
        for program in programs { kill(program, SIGSTOP) }
        defer { for program in programs { kill(program, SIGCONT) } }
        // tmux reads what is there before it answers: the first answer may be older, the second is not.
        _ = try await screen
        _ = try await screen
        try await tmux(["resize-window", "-x", "\(width)", "-y", "\(height)"])
        // It shows the new width at once, and tells the program up to a quarter of a second later.
        while try await !scene.must(.system("stty"), ["-F", tty, "size"], by: .stranger).text.contains(" \(width)\n") {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Types keys, as tmux names them.
    func type(_ keys: String...) async throws { try await tmux(["send-keys"] + keys) }

    /// tmux itself does not always learn how a program has ended.
    private var codePath: String { socket + ".code" }

    /// Waits for the program's end.
    /// - Returns: its exit code; nil if a signal ended it.
    @discardableResult
    func end() async throws -> Int32? {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(120)
        while true {
            let text = (try? Files.read(codePath)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            if text.hasSuffix("\n"), let code = Int32(text.dropLast()) { return code < 128 ? code : nil }
            guard clock.now < deadline else { throw HarnessError("it does not end:\n\(try await screen)") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
