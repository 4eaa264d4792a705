/// Why it cannot go on: told in two lines and by an exit code, as the programs tell theirs.
struct Trouble: Error, CustomStringConvertible {
    /// Named as in sysexits.h.
    enum Code: Int32 {
        case usage = 64
        case data = 65
        case unavailable = 69
        case software = 70
        case localIO = 74
        case configuration = 78
    }

    let code: Code
    let message: String
    let hint: String

    init(_ code: Code, _ message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// As it is written to standard error.
    var description: String { "error: \(message)\nhint: \(hint)\n" }
}
