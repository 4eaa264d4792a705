import Glibc
import Synchronization

/// Asks the person at the terminal for a passphrase, which is not shown.
package enum PassphrasePrompt {
    private static let allowed = Atomic(false)

    /// From now on, a key that wants a passphrase that was not given is asked for. A program calls this for its user; a
    /// library is not to talk to anybody.
    package static func allow() { allowed.store(true, ordering: .relaxed) }

    /// - Parameter name: the key's, for the question.
    /// - Returns: nil if there is no terminal, nobody is to be asked, or the person does not want to say it (Ctrl-C,
    ///   Ctrl-D, an empty line).
    static func ask(for name: String) -> [UInt8]? {
        guard allowed.load(ordering: .relaxed) else { return nil }
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        var usual = termios()
        guard tcgetattr(terminal, &usual) == 0 else { return nil }
        var silent = usual
        silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
        silent.c_lflag |= tcflag_t(ICANON)
        // Ctrl-C ends the line, instead of the program with the terminal left silent.
        withUnsafeMutableBytes(of: &silent.c_cc) { $0[Int(VEOL)] = 3 }
        guard tcsetattr(terminal, TCSAFLUSH, &silent) == 0 else { return nil }
        defer {
            tcsetattr(terminal, TCSAFLUSH, &usual)
            write("\n", to: terminal)
        }
        write("passphrase of \(name): ", to: terminal)
        var line = [UInt8](repeating: 0, count: 4096)
        let count = read(terminal, &line, line.count)
        guard count > 0 else { return nil }
        let text = line[..<count].prefix { $0 != UInt8(ascii: "\n") }
        return text.isEmpty || text.last == 3 ? nil : Array(text)
    }

    private static func write(_ text: String, to terminal: Int32) {
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(terminal, $0.baseAddress, $0.count) }
    }
}
