package import FDLCore

// Where `error:` and `hint:` are written. A process that has run out of memory writes its two lines itself
// (`OutOfMemory`), since it can make no strings.
extension Failure {
    /// The message and the hint as they are written to standard error, with a newline after each.
    package var report: String {
        "error: \(message)\n" + (hint.map { "hint: \($0)\n" } ?? "")
    }

    /// The last object that a program with `--json` writes if it fails.
    var event: JSONValue {
        [
            "event": "error", "code": .number(Int(exitCode.rawValue)), "message": .text(message),
            "hint": hint.map { .text($0) } ?? .null,
        ]
    }
}
